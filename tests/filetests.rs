//! Passes on IR text: input above, expected output below.
