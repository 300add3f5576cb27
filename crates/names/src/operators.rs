//! The operators that users give their structs, `#[kernel] impl Add for Vec3`, one row for each trait.
//!
//! ```text
//! Add add "+" [__KERNELS_ADD __KERNELS_ADD_SCALAR __KERNELS_ADD_OTHER __KERNELS_SCALAR_ADD]
//!  │   │   │    │             │                    │                   └ `2.0 + v`
//!  │   │   │    │             │                    └ `v + w`, where `w` is of another struct
//!  │   │   │    │             └ `v + 2.0`
//!  │   │   │    └ `v + v`: the constant of the struct that `#[kernel]` adds for it
//!  │   │   └ the operator
//!  │   └ the method
//!  └ the trait
//! ```

/// Calls a macro with the rows of the table.
#[macro_export]
macro_rules! for_each_operator {
    ($callback:ident) => {
        $callback! {
            Add add "+" [__KERNELS_ADD __KERNELS_ADD_SCALAR __KERNELS_ADD_OTHER __KERNELS_SCALAR_ADD];
            Sub sub "-" [__KERNELS_SUB __KERNELS_SUB_SCALAR __KERNELS_SUB_OTHER __KERNELS_SCALAR_SUB];
            Mul mul "*" [__KERNELS_MUL __KERNELS_MUL_SCALAR __KERNELS_MUL_OTHER __KERNELS_SCALAR_MUL];
            Div div "/" [__KERNELS_DIV __KERNELS_DIV_SCALAR __KERNELS_DIV_OTHER __KERNELS_SCALAR_DIV];
            Rem rem "%" [__KERNELS_REM __KERNELS_REM_SCALAR __KERNELS_REM_OTHER __KERNELS_SCALAR_REM];
            BitAnd bitand "&" [__KERNELS_AND __KERNELS_AND_SCALAR __KERNELS_AND_OTHER __KERNELS_SCALAR_AND];
            BitOr bitor "|" [__KERNELS_OR __KERNELS_OR_SCALAR __KERNELS_OR_OTHER __KERNELS_SCALAR_OR];
            BitXor bitxor "^" [__KERNELS_XOR __KERNELS_XOR_SCALAR __KERNELS_XOR_OTHER __KERNELS_SCALAR_XOR];
            AddAssign add_assign "+=" [__KERNELS_ADD_ASSIGN __KERNELS_ADD_ASSIGN_SCALAR __KERNELS_ADD_ASSIGN_OTHER];
            SubAssign sub_assign "-=" [__KERNELS_SUB_ASSIGN __KERNELS_SUB_ASSIGN_SCALAR __KERNELS_SUB_ASSIGN_OTHER];
            MulAssign mul_assign "*=" [__KERNELS_MUL_ASSIGN __KERNELS_MUL_ASSIGN_SCALAR __KERNELS_MUL_ASSIGN_OTHER];
            DivAssign div_assign "/=" [__KERNELS_DIV_ASSIGN __KERNELS_DIV_ASSIGN_SCALAR __KERNELS_DIV_ASSIGN_OTHER];
            Neg neg "-_" [__KERNELS_NEG];
            Not not "!_" [__KERNELS_NOT];
            PartialEq eq "==" [__KERNELS_EQ];
            PartialOrd partial_cmp "<" [__KERNELS_PARTIAL_CMP];
            Ord cmp "cmp" [__KERNELS_CMP];
        }
    };
}

/// A trait of operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator {
    /// Its name.
    pub name: &'static str,
    /// The method that it asks for.
    pub method: &'static str,
    /// The operator; behind one that stands in front of a value `_`.
    pub symbol: &'static str,
    /// The constants that `#[kernel]` adds to the struct, one for each [`Other`] that the operator may have.
    pub constants: &'static [&'static str],
}

/// What the other side of an operator is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Other {
    /// The same struct, or there is none.
    Same,
    /// A number.
    Scalar,
    /// Another struct.
    Struct,
    /// A number in front of the operator.
    ScalarInFront,
}

macro_rules! define_operators {
    ($($name:ident $method:ident $symbol:literal [$($constant:ident)*];)*) => {
        /// All of them.
        pub static OPERATORS: &[Operator] = &[$(Operator {
            name: stringify!($name),
            method: stringify!($method),
            symbol: $symbol,
            constants: &[$(stringify!($constant)),*],
        }),*];
    };
}
for_each_operator!(define_operators);

impl Operator {
    /// The trait of this name.
    pub fn of_trait(name: &str) -> Option<&'static Operator> {
        OPERATORS.iter().find(|operator| operator.name == name)
    }

    /// That of this symbol.
    pub fn of_symbol(symbol: &str) -> Option<&'static Operator> {
        OPERATORS.iter().find(|operator| operator.symbol == symbol)
    }

    /// Whether it compares; how it does says a value of the standard library's.
    pub fn compares(self) -> bool {
        matches!(self.symbol, "<" | "cmp")
    }

    /// The constant for this other side, which is what kernels call the method by, too.
    pub fn constant(self, other: Other) -> Option<&'static str> {
        self.constants.get(other as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_found_by_trait_and_symbol() {
        let mul = Operator::of_trait("Mul").unwrap();
        assert_eq!(Operator::of_symbol("*"), Some(mul));
        assert_eq!(mul.constant(Other::ScalarInFront), Some("__KERNELS_SCALAR_MUL"));
        assert_eq!(Operator::of_trait("Neg").unwrap().constant(Other::Scalar), None);
        assert_eq!(Operator::of_trait("Shape"), None);
    }

    #[test]
    fn each_constant_stands_once() {
        let mut all: Vec<&str> = OPERATORS.iter().flat_map(|operator| operator.constants).copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
