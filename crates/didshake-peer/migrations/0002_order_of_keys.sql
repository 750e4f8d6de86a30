-- Which of two keys of one second is the newer one.
ALTER TABLE mailbox_keys ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
