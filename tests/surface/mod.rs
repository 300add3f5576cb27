//! The ways in, argument types, messages of the compiler.

mod messages;
