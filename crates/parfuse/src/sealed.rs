//! What keeps traits to the types of this crate, where an implementation could make a call read or write memory that
//! is not the arguments'.
//!
//! ```text
//! pub trait Returned: Sealed      callable by everybody, implemented here alone
//! ```

/// A bound that no type outside can have: the trait cannot be named there.
pub trait Sealed {}
