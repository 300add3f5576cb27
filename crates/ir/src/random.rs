//! Random numbers as a pure function of (key, stream, element, draw).
