//! Behavioural cases: what a parallel array compiler must get right.
