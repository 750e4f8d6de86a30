//! The didshake service.
