//! Random programs: every executor must give the same bits.
