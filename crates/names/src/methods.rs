//! Methods as data: names, what they are called on, what they take.
//!
//! ```text
//! Method::named("sqrt")                    the name
//! Method::sqrt.row(Receiver::Float)        its row for a receiver: arguments, documentation
//! Method::sqrt.owners()                    "floats, arrays and complex numbers"
//! ```
//!
//! The rows are in `method_table/`.

use crate::receivers::{Argument, Part, Receiver, Structs};
use std::fmt;

/// A method on one kind of receivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// What it is called on.
    pub receiver: Receiver,
    /// Whether arrays have it too, element by element.
    pub each: bool,
    /// What it does to an array of structs, if it is a method of arrays.
    pub structs: Structs,
    /// Whether handles have a method that is made from the table.
    pub handle: bool,
    /// The arguments' names and kinds.
    pub arguments: &'static [(&'static str, Argument)],
    /// What it has to do with the elements of an array.
    pub part: Part,
    /// What it gives, in a sentence.
    pub doc: &'static str,
}

impl Row {
    /// How many arguments there may be.
    pub fn counts(&self) -> std::ops::RangeInclusive<usize> {
        let may_be_left_out = |kind: Argument| matches!(kind, Argument::Message | Argument::Last);
        let optional = self.arguments.iter().filter(|(_, kind)| may_be_left_out(*kind)).count();
        self.arguments.len() - optional..=self.arguments.len()
    }
}

macro_rules! define_methods {
    ($($name:ident $handle:tt $({
        $receiver:ident $each:ident ($($argument:ident: $kind:ident),*) $part:ident $what:tt $doc:literal
    })+)*) => {
        /// The name of a method that kernels have.
        #[allow(non_camel_case_types, reason = "a variant is spelled as users write the method")]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Method { $(#[doc = concat!("`", stringify!($name), "`")] $name),* }

        impl Method {
            /// All names, in the order of the table.
            pub const ALL: &'static [Method] = &[$(Method::$name),*];

            /// The name as it is written.
            pub fn name(self) -> &'static str {
                const NAMES: &[&str] = &[$(stringify!($name)),*];
                NAMES[self as usize]
            }

            /// What it means, for each of its receivers.
            pub fn rows(self) -> &'static [Row] {
                const ROWS: &[&[Row]] = &[$(&[$(Row {
                    method: Method::$name,
                    receiver: Receiver::$receiver,
                    each: define_methods!(@is $each),
                    structs: Structs::of(stringify!($each)),
                    handle: define_methods!(@is $handle),
                    arguments: &[$((stringify!($argument), Argument::of(stringify!($kind)))),*],
                    part: Part::of(stringify!($part)),
                    doc: $doc,
                }),+]),*];
                ROWS[self as usize]
            }
        }
    };
    (@is each) => { true };
    (@is fn) => { true };
    (@is $other:tt) => { false };
}

crate::for_each_method!(define_methods);

impl Method {
    /// The method of this name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|method| method.name() == name)
    }

    /// The row for a receiver.
    pub fn row(self, receiver: Receiver) -> Option<&'static Row> {
        self.rows().iter().find(|row| row.receiver.includes(receiver))
    }

    /// The row for the elements of an array, which are of this kind.
    pub fn row_of_elements(self, elements: Receiver) -> Option<&'static Row> {
        self.rows().iter().find(|row| row.each && row.receiver.includes(elements))
    }

    /// How many parameters the closure has that is its argument at a position, if one is.
    pub fn closure_parameters(self, position: usize) -> Option<usize> {
        let of_two = matches!(
            self,
            Method::fold | Method::rfold | Method::fold_while | Method::try_fold | Method::reduce
        );
        let kinds = self.rows().iter().filter_map(|row| row.arguments.get(position));
        let count = kinds.filter_map(|(_, kind)| kind.closure_arguments()).next()?;
        Some(if of_two { 2 } else { count })
    }

    /// Whether `[h, w]` at a position may be a shape or an index; as an element, or a value to begin with, it is an array.
    pub fn may_take_shape(self, position: usize) -> bool {
        let mut kinds = self.rows().iter().filter_map(|row| row.arguments.get(position));
        !kinds.any(|(_, kind)| matches!(kind, Argument::Iterator | Argument::Any))
    }

    /// Whether its first argument is a range of indices, of which ends may be left out: `v.drain(..n)`.
    pub fn takes_part_of_slice(self) -> bool {
        let mut first = self.rows().iter().filter_map(|row| row.arguments.first());
        first.any(|(_, kind)| *kind == Argument::PartOfSlice)
    }

    /// Whether it changes what an option holds that it is called on, with so many arguments.
    pub fn changes_option(self, given: usize) -> bool {
        let changes = matches!(
            self,
            Method::take
                | Method::replace
                | Method::insert
                | Method::get_or_insert
                | Method::get_or_insert_with
        );
        changes && self.row(Receiver::Option).is_some_and(|row| row.counts().contains(&given))
    }

    /// What has it, in the words of users: "floats and arrays".
    pub fn owners(self) -> String {
        let of_row = |row: &Row| [Some(row.receiver), row.each.then_some(Receiver::Array)];
        let mut distinct: Vec<&str> = Vec::new();
        for owner in self.rows().iter().flat_map(of_row).flatten().map(Receiver::plural) {
            if !distinct.contains(&owner) {
                distinct.push(owner);
            }
        }
        match distinct.split_last() {
            Some((last, [])) => last.to_string(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once_and_receivers_of_a_name_differ() {
        for (position, method) in Method::ALL.iter().enumerate() {
            assert_eq!(Method::named(method.name()), Some(*method));
            assert_eq!(*method as usize, position);
            let rows = method.rows();
            for (position, row) in rows.iter().enumerate() {
                let hidden = rows[..position].iter().any(|before| before.receiver.includes(row.receiver));
                assert!(!hidden, "{method} of {} is never found", row.receiver.plural());
            }
        }
    }

    #[test]
    fn rows_are_found_by_what_they_are_called_on() {
        assert_eq!(Method::signum.row(Receiver::Unsigned).map(|row| row.receiver), Some(Receiver::Integer));
        assert_eq!(Method::sqrt.row(Receiver::Integer), None);
        assert_eq!(Method::sqrt.row(Receiver::Array), None);
        assert!(Method::sqrt.row_of_elements(Receiver::Float).is_some());
        assert_eq!(Method::max.row_of_elements(Receiver::Float), None);
        assert_eq!(Method::len.owners(), "arrays, iterators and shapes");
        assert_eq!(Method::hypot.owners(), "floats and arrays");
        assert_eq!(Method::sqrt.owners(), "floats, arrays and complex numbers");
    }
}
