//! What people forget.
