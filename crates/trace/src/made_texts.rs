//! Texts that a kernel makes of numbers, `format!("{x} at {i}")`: which one it is, and the numbers.
//!
//! ```text
//! Err(format!("{x} at {}", i + 1))     Err(String { number: of "{f64} at {i32}", first: bits x, second: i + 1, … })
//! ```
//!
//! No program knows of texts. Whoever takes the result puts them together.

use crate::errors::{At, Step, mistake};
use crate::own_operators::ByFields;
use crate::records::{Record, Whole};
use crate::results::{TEXT, number_of_text, text_of_number};
use crate::state::{Kind, State};
use crate::{DeclaredType, Tracer, Value};
use parfuse_ir::program::{self, Type};
use parfuse_ir::{DType, ElementType, ScalarOp, message};

const NUMBER: DeclaredType = DeclaredType::Known(Type::Scalar(ElementType::Real(DType::U32)));
const WORD: DeclaredType = DeclaredType::Known(Type::Scalar(ElementType::Real(DType::U64)));

/// A `String`: the number of a text, whose highest bit tells whether it has holes, and what is in these.
pub static MADE_TEXT: Record = Record {
    name: "String",
    methods: &[],
    operators: &[],
    by_fields: ByFields(|_| false),
    is_enum: false,
    fields: &[("number", NUMBER), ("first", WORD), ("second", WORD), ("third", WORD), ("fourth", WORD)],
};

/// Set in numbers of texts with holes.
const WITH_HOLES: u32 = 1 << 31;

/// The text that numbers stand for.
pub fn made_text_of(number: u32, words: [u64; 4]) -> String {
    match number & WITH_HOLES {
        0 => text_of_number(number).to_string(),
        _ => message::filled(text_of_number(number & !WITH_HOLES), &words),
    }
}

impl Tracer {
    /// `format!(message, numbers…)`.
    pub fn made_text<'t>(&'t self, text: &'static str, shown: &[Value<'t>], at: At) -> Value<'t> {
        let shown = self.ids(shown);
        let mut number = 0;
        let words = self.step(at, |state| {
            state.doing = "`format!`".into();
            let (mut types, mut words) = (Vec::new(), Vec::new());
            for id in shown {
                let value = state.scalar(id, "what is shown", at)?;
                let dtype = state.settled(value, "what is shown")?;
                types.push(dtype);
                words.push(state.word(value, dtype, at)?);
            }
            let typed = message::typed(text, &types);
            number = number_of_text(Box::leak(typed.into_boxed_str())) | WITH_HOLES;
            let words = words.into_iter().map(|word| state.handle(Kind::Plain(word))).collect::<Vec<_>>();
            Ok(Kind::Tuple(words.into()))
        });
        let words = self.with(|state| match state.kind(words.id) {
            Kind::Tuple(items) => Some(items.to_vec()),
            _ => None,
        });
        match words {
            Some(words) => self.text_of_words(
                self.lift(number, at),
                words.into_iter().map(|id| Value { tracer: self, id }),
                at,
            ),
            None => self.step(at, |_| Err(crate::errors::Problem::Reported)),
        }
    }

    fn text_of_words<'t>(
        &'t self,
        number: Value<'t>,
        words: impl Iterator<Item = Value<'t>>,
        at: At,
    ) -> Value<'t> {
        let words = words.chain(std::iter::repeat_with(|| self.lift(0u64, at)));
        let fields = MADE_TEXT.fields.iter().map(|(name, _)| *name);
        let given: Vec<(&'static str, Value<'t>)> =
            fields.zip(std::iter::once(number).chain(words)).collect();
        self.record(&MADE_TEXT, &given, None, at)
    }

    /// What a `Result` fails with by `?` where that is a `String`.
    pub fn failed_with_string<'t>(&'t self, failed: Value<'t>, at: At) -> Value<'t> {
        let Some([_, error]) = self.with(|state| state.result(failed.id)) else { return failed };
        let (_, error) = self.parts_of_option(Value { tracer: self, id: error }, at);
        self.err(self.as_made_text(error, DeclaredType::Record(&MADE_TEXT), at), at)
    }

    /// A `&'static str` where a `String` is declared.
    pub(crate) fn as_made_text<'t>(&'t self, v: Value<'t>, ty: DeclaredType, at: At) -> Value<'t> {
        let number = self.with(|state| match state.kind(v.id) {
            Kind::Tuple(items) if items.of == Whole::Record(&TEXT) => items.first().copied(),
            _ => None,
        });
        match number.filter(|_| ty == DeclaredType::Record(&MADE_TEXT)) {
            Some(id) => self.text_of_words(Value { tracer: self, id }, std::iter::empty(), at),
            None => v,
        }
    }
}

impl State {
    /// What is kept of a number: a float as `f64`, anything else as `i64`.
    fn word(&mut self, value: program::Value, dtype: DType, at: At) -> Step<program::Value> {
        let [float, integer, word] =
            [DType::F64, DType::I64, DType::U64].map(|dtype| self.types.known(dtype));
        if dtype.is_float() {
            let wide = self.cast(value, float, at)?;
            return self.op(ScalarOp::ToBits, &[wide], at);
        }
        let wide = match dtype {
            dtype if dtype.is_wide_int() => value,
            _ if dtype.is_bool() || dtype.is_int() => self.cast(value, integer, at)?,
            _ => return mistake("only numbers are shown in a text"),
        };
        self.cast(wide, word, at)
    }
}
