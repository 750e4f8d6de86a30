//! Receipts: that letters were read, said by a letter (`spec/mailbox-1.md`, section 3.3).

use didshake::mailbox::MessageId;

/// The content type of a receipt.
pub const RECEIPT_TYPE: &str = "application/vnd.didshake.receipt";
/// Letters that one receipt names at most.
pub const MAX_RECEIPT_IDS: usize = 1024;

const READ: u8 = 1;

/// The content of a receipt for these letters: 1 to [`MAX_RECEIPT_IDS`] of them.
pub(super) fn write(ids: &[MessageId]) -> Vec<u8> {
    let mut content = vec![READ];
    content.extend(ids.iter().flatten());
    content
}

/// The letters that were read; `None` where the content is no receipt, or one of a kind that is not known.
pub(super) fn read(content: &[u8]) -> Option<Vec<MessageId>> {
    let (kind, ids) = content.split_first()?;
    let (ids, rest) = ids.as_chunks::<16>();
    let fits = *kind == READ && !ids.is_empty() && ids.len() <= MAX_RECEIPT_IDS && rest.is_empty();
    fits.then(|| ids.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-MBOX-7
    #[test]
    fn a_receipt_names_one_to_1024_letters() {
        assert_eq!(read(&write(&[[7; 16], [8; 16]])), Some(vec![[7; 16], [8; 16]]));
        assert_eq!(read(&write(&[[7; 16]; 1024])).map(|ids| ids.len()), Some(1024));
        for content in [vec![], vec![1], vec![2; 17], vec![1; 18], write(&[[7; 16]; 1025])] {
            assert_eq!(read(&content), None, "{} bytes", content.len());
        }
    }
}
