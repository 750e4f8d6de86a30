//! didshake in an axum app.

mod store;

pub use store::{SessionRecord, SessionStore, StoreError, Use};
