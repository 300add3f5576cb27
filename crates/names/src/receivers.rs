//! The words of the table of methods: what methods are called on, what they take, what they do with elements.
//!
//! ```text
//! sqrt fn { Float each () op Sqrt … }         Receiver::Float
//! zip - { Iterator one (other: iterator) … }  Receiver::Iterator, Argument::Iterator
//! ```

/// What a method is called on. `Scalar` has all of `Number`, `Complex` and `bool`, `Number` all of `Float` and `Integer`,
/// `Integer` all of `Unsigned`, `Unsigned` all of `Byte`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Receiver {
    /// Numbers, complex ones too, and `bool`.
    Scalar,
    /// Integers and floats.
    Number,
    /// Floats.
    Float,
    /// Integers.
    Integer,
    /// Integers without a sign.
    Unsigned,
    /// Integers of type `u8`.
    Byte,
    /// Complex numbers.
    Complex,
    /// Arrays.
    Array,
    /// Vectors that the kernel makes and that grow.
    Vector,
    /// Ranges.
    Range,
    /// Iterators, ranges among them.
    Iterator,
    /// Arrays gone through together.
    Zip,
    /// How numbers compare.
    Ordering,
    /// Options.
    Option,
    /// The lengths of an array's axes.
    Shape,
    /// Tuples.
    Tuple,
    /// What is seen of one axis, `Slice::from(1..)`.
    Slice,
}

impl Receiver {
    /// Whether all that `other` stands for is of this kind too.
    pub fn includes(self, other: Receiver) -> bool {
        use Receiver::{Byte, Complex, Float, Integer, Number, Scalar, Unsigned};
        self == other
            || match self {
                Scalar => matches!(other, Number | Float | Integer | Unsigned | Byte | Complex),
                Number => matches!(other, Float | Integer | Unsigned | Byte),
                Integer => matches!(other, Unsigned | Byte),
                Unsigned => other == Byte,
                Receiver::Iterator => other == Receiver::Range,
                _ => false,
            }
    }

    /// What users call them.
    pub fn plural(self) -> &'static str {
        match self {
            Receiver::Scalar => "scalars",
            Receiver::Number => "numbers",
            Receiver::Float => "floats",
            Receiver::Integer => "integers",
            Receiver::Unsigned => "unsigned integers",
            Receiver::Byte => "bytes",
            Receiver::Complex => "complex numbers",
            Receiver::Array => "arrays",
            Receiver::Vector => "vectors that grow",
            Receiver::Range => "ranges",
            Receiver::Iterator => "iterators",
            Receiver::Zip => "`Zip`s",
            Receiver::Ordering => "orderings",
            Receiver::Option => "options",
            Receiver::Shape => "shapes",
            Receiver::Tuple => "tuples",
            Receiver::Slice => "slices",
        }
    }
}

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Argument {
    /// A scalar of the receiver's type, or of the type of its elements.
    Same,
    /// A float of the type of the receiver's parts.
    Part,
    /// An integer of any type.
    Integer,
    /// An `i32`.
    I32,
    /// A `u32`.
    U32,
    /// An integer with a sign, of as many bits as the receiver.
    Signed,
    /// An array.
    Array,
    /// The number of an axis, `Axis(1)`.
    Axis,
    /// A part of an array, `s![1..]`.
    Slice,
    /// A closure, or the name of a function.
    Closure,
    /// A closure that changes an element.
    Change,
    /// A closure of two elements, of which it may change the one given as `&mut`.
    ChangeWith,
    /// A closure of a row.
    Row,
    /// A closure of what is there so far and an element.
    Pair,
    /// A closure of two elements or items.
    Comparison,
    /// A closure of a value that it may change and an item.
    Accumulation,
    /// A closure without arguments.
    Nothing,
    /// A range of indices, of which ends may be left out, `..n`.
    PartOfSlice,
    /// An iterator, or what is made one: a range, an array.
    Iterator,
    /// A part of one axis, `Slice::from(1..)`.
    AxisSlice,
    /// A tuple of parts of an array, `(s![..k], s![k..])`.
    Slices,
    /// An index into an array, `i` or `[i, j]`.
    Index,
    /// The numbers of all axes, `[1, 0]`.
    Axes,
    /// Several arrays, `&[a.view(), b.view()]`.
    Arrays,
    /// A number for each axis, `(h, w)`.
    Shape,
    /// Anything.
    Any,
    /// A text for people, which may be left out.
    Message,
    /// An integer that may be left out: what stands in front of it is then taken for it.
    Last,
}

impl Argument {
    /// How many arguments a closure takes, if it is one.
    pub fn closure_arguments(self) -> Option<usize> {
        match self {
            Argument::Closure | Argument::Change | Argument::Row => Some(1),
            Argument::ChangeWith | Argument::Pair | Argument::Comparison | Argument::Accumulation => Some(2),
            Argument::Nothing => Some(0),
            _ => None,
        }
    }

    /// The kind by its word in the table.
    pub(crate) const fn of(word: &str) -> Argument {
        match word.as_bytes() {
            b"same" => Argument::Same,
            b"part" => Argument::Part,
            b"integer" => Argument::Integer,
            b"i32" => Argument::I32,
            b"u32" => Argument::U32,
            b"signed" => Argument::Signed,
            b"array" => Argument::Array,
            b"axis" => Argument::Axis,
            b"slice" => Argument::Slice,
            b"closure" => Argument::Closure,
            b"change" => Argument::Change,
            b"change_with" => Argument::ChangeWith,
            b"row" => Argument::Row,
            b"comparison" => Argument::Comparison,
            b"accumulation" => Argument::Accumulation,
            b"nothing" => Argument::Nothing,
            b"pair" => Argument::Pair,
            b"iterator" => Argument::Iterator,
            b"axis_slice" => Argument::AxisSlice,
            b"part_of_slice" => Argument::PartOfSlice,
            b"slices" => Argument::Slices,
            b"index" => Argument::Index,
            b"axes" => Argument::Axes,
            b"arrays" => Argument::Arrays,
            b"shape" => Argument::Shape,
            b"any" => Argument::Any,
            b"message" => Argument::Message,
            b"last" => Argument::Last,
            _ => panic!("a kind of arguments that does not exist"),
        }
    }
}

/// What a method has to do with the elements of its receiver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// It computes from the receiver.
    Reads,
    /// It computes all elements of an array anew with a closure.
    Maps,
    /// It changes all elements of an array.
    Updates,
}

/// What a method of arrays does to arrays of structs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Structs {
    /// They do not have it.
    Refused,
    /// What it does to the array of each field: it shows, copies or moves elements, whatever they are.
    EachField,
    /// It looks at the lengths of the axes, which all fields have.
    Shape,
    /// It takes each struct as a whole.
    Whole,
}

impl Structs {
    /// From the word in the table: `any`, `shape`, `whole`, or another.
    pub(crate) const fn of(word: &str) -> Structs {
        match word.as_bytes() {
            b"any" => Structs::EachField,
            b"shape" => Structs::Shape,
            b"whole" => Structs::Whole,
            _ => Structs::Refused,
        }
    }
}

impl Part {
    /// From the kind of the meaning.
    pub(crate) const fn of(kind: &str) -> Part {
        match kind.as_bytes() {
            b"map" => Part::Maps,
            b"update" => Part::Updates,
            _ => Part::Reads,
        }
    }
}
