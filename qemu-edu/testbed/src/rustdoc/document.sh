# document.sh ARGUMENT...
# Stands for rustc in a build of the example's module: Clippy compiles the example, and rustdoc documents the
# driver with the same arguments, but for those that say what to compile to.
set -eu
here=/usr/src/tools
CLIPPY_CONF_DIR=$here clippy-driver "$@" -Dwarnings -Dclippy::missing_docs_in_private_items &
compiling=$!
left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
    --emit=*) ;;
    --out-dir)
        shift
        left=$((left - 1))
        ;;
    */irqcast_example.rs) set -- "$@" "${argument%/*}/irqcast_edu.rs" ;;
    *) set -- "$@" "$argument" ;;
    esac
done
# Links to what is private are right: it is documented, too.
rustdoc "$@" --out-dir /usr/src/doc --document-private-items \
    --extern-html-root-url core=https://doc.rust-lang.org/ \
    --extern-html-root-url kernel=https://rust.docs.kernel.org/ --extern-html-root-takes-precedence \
    -Dwarnings -Drustdoc::all -Arustdoc::private_intra_doc_links
wait "$compiling"
