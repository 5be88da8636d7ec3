//! `cargo testbed setup`.

use std::{process::ExitCode, time::Instant};

use crate::{
    cache::{Entry, human_size},
    cli::{self, Guest, KernelChoice},
    exit,
    setup::Setup,
    ui::Ui,
};

/// Runs the command.
pub fn run(options: &cli::Options, args: &cli::SetupArgs, ui: &Ui) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut setup = Setup::new(options, ui, args.update)?;
    let mut kernels = Vec::new();
    for kernel in options.kernels(&[KernelChoice::Stock]) {
        let mut kernel = setup.kernel(options, kernel, ui)?;
        if options.guest() == Guest::Debian {
            setup.debian(options, &mut kernel, ui)?;
        }
        kernels.push(kernel);
    }
    let old = setup.superseded(&kernels);
    if args.prune && !old.is_empty() {
        setup.prune(&old, ui)?;
    }
    for kernel in &kernels {
        let prepared = &kernel.prepared;
        println!(
            "kernel   {} ({})",
            prepared.kernel.release, prepared.kernel.name
        );
        println!("image    {}", prepared.kernel.image.display());
        println!("driver   {}", prepared.driver.module.display());
        if let Some(debian) = &prepared.debian {
            println!("debian   {}", debian.image.display());
        }
    }
    println!("qemu     {}", setup.qemu().version);
    let size = human_size(setup.cache().entries().iter().map(Entry::bytes).sum());
    println!("cache    {} ({size})", setup.cache().folder().display());
    if !args.prune && !old.is_empty() {
        let size = human_size(old.iter().map(Entry::bytes).sum());
        println!(
            "         {size} of it is from older set-ups; `cargo testbed setup --prune` frees it"
        );
    }
    println!("ready in {:.1} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::from(exit::OK))
}
