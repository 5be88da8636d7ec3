//! What waits for a rule's hook.

use crate::hook::call::Call;
use crate::memory::Hook;
use crate::queue::Absorb;
use crate::rule::Rule;
use std::rc::Rc;
use tracing::Span;

/// What waits for a rule's hook.
pub struct Job {
    /// The rule.
    pub rule: Rc<Rule>,
    /// What its hook is to be told.
    pub call: Call,
    /// What is logged about the hook names its event or loss by this span.
    pub span: Span,
}

impl Job {
    /// How the memory names it, if it is remembered: news of what was dropped is not, and what is replayed
    /// from a trace is nothing to go on with after a restart.
    pub fn hook(&self) -> Option<Hook> {
        let occasion = &self.call.occasion;
        let (life, seq) = occasion.life().zip(occasion.number())?;
        let from = self.call.merged.map_or(seq, |merged| merged.from);
        (!self.call.trace).then(|| Hook {
            life,
            rule: self.rule.name.clone(),
            seq,
            merged_from: (from < seq).then_some(from),
        })
    }
}

impl Absorb for Job {
    fn absorb(&mut self, later: Self) -> Result<(), Self> {
        let Self { rule, call, span } = later;
        match self.call.absorb(call) {
            Ok(()) => {
                self.rule = rule;
                self.span = span;
                Ok(())
            }
            Err(call) => Err(Self { rule, call, span }),
        }
    }
}
