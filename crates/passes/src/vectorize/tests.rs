//! Properties of whole translations.
