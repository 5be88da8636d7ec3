//! Tables in Markdown, so that tests can hold documents against what they describe.

/// A table: the cells of its header, and of each row below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells by row and column. A row has as many as the header.
    pub rows: Vec<Vec<String>>,
}

/// All tables of a document, in their order.
pub fn tables(markdown: &str) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(header) = cells(line) else { continue };
        if lines.next_if(|line| is_rule(line)).is_none() {
            continue;
        }
        let mut rows = Vec::new();
        while let Some(row) = lines.peek().and_then(|line| cells(line)) {
            lines.next();
            rows.push(row);
        }
        tables.push(Table { header, rows });
    }
    tables
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect(),
    )
}

fn is_rule(line: &str) -> bool {
    line.starts_with('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::tables;

    #[test]
    fn finds_header_and_rows() {
        let found = tables("text\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | |\n\nmore\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].header, ["a", "b"]);
        assert_eq!(found[0].rows, [["1", "2"], ["3", ""]]);
    }

    #[test]
    fn takes_no_line_with_bars_for_a_table() {
        assert!(tables("| not | a table |\n").is_empty());
    }
}
