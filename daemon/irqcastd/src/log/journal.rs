//! The journal of systemd. Its entries have each field of a message, to look for, and as the text that
//! `journalctl` shows, all of it in one line, as standard error would.

use std::fmt::{self, Write as _};
use std::io;
use tracing::field::{Field, Value, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{DefaultFields, FormatFields as _, Writer};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// What the fields' names begin with.
const PREFIX: &str = "IRQCAST";

/// Most fields that a message can have (`tracing_core::field::ValueSet`).
const FIELDS_MAX: usize = 32;

/// The field that is the message itself.
const MESSAGE: &str = "message";

/// Writes to the journal.
pub struct Journal(tracing_journald::Layer);

/// A span's fields as text.
struct Told(String);

/// An event's fields, in their order.
#[derive(Default)]
struct Fields(Vec<(Field, String)>);

impl Journal {
    /// Connects to it.
    pub fn connect() -> io::Result<Self> {
        let journal = tracing_journald::layer()?;
        let journal = journal.with_field_prefix(Some(PREFIX.to_owned()));
        Ok(Self(journal.with_syslog_identifier("irqcastd".to_owned())))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Journal {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut text = String::new();
            // A string takes whatever is written to it.
            let _ = DefaultFields::new().format_fields(Writer::new(&mut text), attributes);
            span.extensions_mut().insert(Told(text));
        }
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = String::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            let extensions = span.extensions();
            let told = extensions.get::<Told>().map_or("", |Told(text)| text);
            let _ = write!(line, "{}{{{told}}}: ", span.name());
        }
        line.push_str(&fields.line());
        fields.set_message(line);
        let Some((first, _)) = fields.0.first() else {
            return self.0.on_event(event, context);
        };
        // Fields without a value are left out.
        let mut values: [(&Field, Option<&dyn Value>); FIELDS_MAX] = [(first, None); FIELDS_MAX];
        for (value, (field, text)) in values.iter_mut().zip(&fields.0) {
            *value = (field, Some(text));
        }
        let metadata = event.metadata();
        let values = metadata.fields().value_set(&values);
        let event = match event.is_contextual() {
            true => Event::new(metadata, &values),
            false => Event::new_child_of(event.parent().cloned(), metadata, &values),
        };
        self.0.on_event(&event, context);
    }
}

impl Fields {
    /// The message, and after it the other fields.
    fn line(&self) -> String {
        let message = self.0.iter().filter(|(field, _)| field.name() == MESSAGE);
        let mut line: String = message.map(|(_, text)| text.as_str()).collect();
        for (field, text) in &self.0 {
            if field.name() != MESSAGE {
                let _ = write!(line, " {field}={text}");
            }
        }
        line
    }

    fn set_message(&mut self, line: String) {
        let mut all = self.0.iter_mut();
        if let Some((_, text)) = all.find(|(field, _)| field.name() == MESSAGE) {
            *text = line;
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.clone(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.clone(), format!("{value:?}")));
    }
}
