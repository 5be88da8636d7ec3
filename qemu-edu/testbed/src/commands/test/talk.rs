//! What a test in a guest says while it runs: figures, its progress, and what it needs of the host.

use irqcast_tests::talk::{DONE, Line, Request};

use crate::{ui::Step, vm::Vm};

/// Listens to one test.
pub struct Talk<'a> {
    /// Shows the progress of a test that takes long.
    step: Option<Step<'a>>,
    figures: Vec<String>,
    power_cuts: u64,
}

impl<'a> Talk<'a> {
    /// Shows nothing of it.
    pub fn quiet() -> Self {
        Self {
            step: None,
            figures: Vec::new(),
            power_cuts: 0,
        }
    }

    /// Shows the progress.
    pub fn on(step: Step<'a>) -> Self {
        Self {
            step: Some(step),
            figures: Vec::new(),
            power_cuts: 0,
        }
    }

    /// How often the test had the guest's power cut.
    pub fn power_cuts(&self) -> u64 {
        self.power_cuts
    }

    /// Takes a line of the test's output, and returns the answer if it is a request.
    pub fn answer(&mut self, vm: &mut Vm, line: &str) -> Option<String> {
        match Line::parse(line)? {
            Line::Figure(figure) => self.figures.push(figure.to_owned()),
            Line::Progress { done, of } => {
                if let Some(step) = &self.step {
                    step.set_length(of);
                    step.set_position(done);
                }
            }
            Line::Request(request) => {
                let done = match request {
                    Request::Plug { id, port } => vm.plug(id, port),
                    Request::Unplug { id } => vm.unplug(id),
                    Request::PlugCable { id } => vm.set_link(id, true),
                    Request::PullCable { id } => vm.set_link(id, false),
                    Request::PressPowerButton => vm.press_power_button(),
                    Request::CutPower => {
                        self.power_cuts += 1;
                        vm.cut_power();
                        // Nobody is there any more.
                        return None;
                    }
                };
                return Some(match done {
                    Ok(()) => DONE.to_owned(),
                    Err(error) => format!("{error:#}").replace('\n', " "),
                });
            }
        }
        None
    }

    /// Ends the progress. Returns the figures of a test whose progress was shown.
    pub fn into_figures(self) -> Vec<String> {
        match self.step {
            Some(step) => {
                step.end_quietly();
                self.figures
            }
            None => Vec::new(),
        }
    }
}
