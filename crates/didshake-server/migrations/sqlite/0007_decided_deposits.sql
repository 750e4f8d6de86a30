-- How many states of a mailbox are kept has a bound: the oldest are found by this.
CREATE INDEX deposits_decided ON deposits (mailbox, sequence) WHERE state <> 0;
