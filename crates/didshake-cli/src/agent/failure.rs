//! What goes wrong with contacts, letters and relays, told to the user.

use didshake_peer::mailbox::StoreError;

use crate::failure::{Exit, Failure, chain};

/// The file of contacts and letters cannot be used.
pub(crate) fn of_store(error: &StoreError) -> Failure {
    let failure = Failure::new(Exit::Storage, error.code(), chain(error));
    match error {
        StoreError::Full => {
            failure.remedy("`didshake inbox --forget NUMBER` removes letters; what comes waits at the relay")
        }
        StoreError::Failed(_) => {
            failure.remedy("is there room on the disk? another program may hold the file: try again")
        }
        _ => failure,
    }
}
