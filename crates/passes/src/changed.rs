//! What a pass answers: whether it changed anything.
//!
//! The answer is truthful, so that a pipeline can stop at a fixed point and a test can state that a pass,
//! run a second time, finds nothing more to do.

use std::ops::{BitOr, BitOrAssign};

/// Whether a pass changed the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[must_use]
pub enum Changed {
    /// It is as it was.
    #[default]
    No,
    /// It differs.
    Yes,
}

impl Changed {
    /// As a truth value.
    pub fn yes(self) -> bool {
        self == Changed::Yes
    }
}

impl From<bool> for Changed {
    fn from(changed: bool) -> Changed {
        if changed { Changed::Yes } else { Changed::No }
    }
}

impl BitOr for Changed {
    type Output = Changed;
    fn bitor(self, other: Changed) -> Changed {
        (self.yes() || other.yes()).into()
    }
}

impl BitOrAssign for Changed {
    fn bitor_assign(&mut self, other: Changed) {
        *self = *self | other;
    }
}
