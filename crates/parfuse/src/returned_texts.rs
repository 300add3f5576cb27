//! Texts that kernels return: `&'static str`, of which there are some, and `String`, which they make of numbers.

use crate::argument::Offers;
use crate::call::Outputs;
use crate::compare::Agreement;
use crate::error::Error;
use crate::returned::{Returned, offer_nothing};
use crate::sealed::Sealed;
use parfuse_ir::program::Type;
use parfuse_trace::{DeclaredType, MADE_TEXT, TEXT, made_text_of, number_of_text, text_of_number};

impl Sealed for &'static str {}
/// As its number among the texts that kernels mention.
#[diagnostic::do_not_recommend]
impl Returned for &'static str {
    type Into<'b> = &'b mut &'static str;

    fn kinds() -> Vec<DeclaredType> {
        vec![DeclaredType::Record(&TEXT)]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        u32::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        text_of_number(u32::take(outputs))
    }
    fn offer(_: &mut &mut &'static str, offers: &mut Offers) {
        offer_nothing::<Self>(offers);
    }
    fn store(into: &mut &'static str, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        number_of_text(self).compare_elements(&number_of_text(other), agreement);
    }
    fn longest(&self) -> usize {
        0
    }
}

impl Sealed for String {}
/// As the number of a text with holes, and what is in them.
#[diagnostic::do_not_recommend]
impl Returned for String {
    type Into<'b> = &'b mut String;

    fn kinds() -> Vec<DeclaredType> {
        vec![DeclaredType::Record(&MADE_TEXT)]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        u32::accepts(types) && (0..4).all(|_| u64::accepts(types))
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let number = u32::take(outputs);
        made_text_of(number, std::array::from_fn(|_| u64::take(outputs)))
    }
    fn offer(_: &mut &mut String, offers: &mut Offers) {
        offer_nothing::<Self>(offers);
    }
    fn store(into: &mut String, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        self.as_bytes().to_vec().compare_elements(&other.as_bytes().to_vec(), agreement);
    }
    fn longest(&self) -> usize {
        0
    }
}
