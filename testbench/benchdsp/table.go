package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// mark stands in a cell of ours that missed its goal.
const mark = "✗"

// arrange brings the tables in a bench's output into one form: the row, the
// goal, the peers, ours; with columns of even width. Other lines stay. It also
// returns the rows in which a goal was missed.
func arrange(part, text string) (shown string, missed []string) {
	var b strings.Builder
	var table [][]string
	flush := func() {
		if len(table) > 0 {
			table = judge(part, table)
			order(table)
			missed = append(missed, misses(table)...)
			draw(&b, table)
			table = nil
		}
	}
	for line := range strings.Lines(tabled(text)) {
		if cells, ok := split(line); ok {
			table = append(table, cells)
			continue
		}
		flush()
		b.WriteString(line)
	}
	flush()
	return b.String(), missed
}

// split cuts a line of a table into its cells; the line under the head has none.
func split(line string) ([]string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil, false
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

// order moves the goal to the second column and ours to the last.
func order(table [][]string) {
	move := func(name string, to int) {
		from := slices.Index(table[0], name)
		if from < 0 {
			return
		}
		for i, row := range table {
			if from >= len(row) {
				continue
			}
			cell := row[from]
			row = slices.Delete(row, from, from+1)
			at := min(to, len(row))
			if to < 0 {
				at = len(row)
			}
			table[i] = slices.Insert(row, at, cell)
		}
	}
	move("goal", 1)
	move("ours", -1)
}

// misses names the rows in which ours is marked; in a table of ours alone, in
// which anything is.
func misses(table [][]string) (out []string) {
	ours := slices.Index(table[0], "ours")
	for _, row := range table[1:] {
		if missed := func(c string) bool { return strings.Contains(c, mark) }; ours < 0 && !slices.ContainsFunc(row, missed) ||
			ours >= 0 && (ours >= len(row) || !missed(row[ours])) {
			continue
		}
		cells := slices.Clone(row[1:])
		for i := range min(len(cells), len(table[0])-1) {
			cells[i] = table[0][i+1] + " " + cells[i]
		}
		out = append(out, row[0]+": "+strings.Join(cells, "; "))
	}
	return out
}

// rule reports whether a row is the line under the head.
func rule(row []string) bool {
	return !slices.ContainsFunc(row, func(c string) bool { return strings.Trim(c, "-:") != "" || c == "" })
}

// member is a line "  name  values" below the line that says what is measured.
var member = regexp.MustCompile(`^  (\S+) +(\S.*)$`)

// tabled turns such lists into one table for each run of them with the same
// names: a row for each list, a column for each name.
func tabled(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	var head []string
	for i := 0; i < len(lines); i++ {
		names, cells := []string(nil), []string{strings.ReplaceAll(lines[i], "|", "/")}
		j := i + 1
		for ; j < len(lines) && lines[i] != "" && !strings.HasPrefix(lines[i], " "); j++ {
			m := member.FindStringSubmatch(lines[j])
			if m == nil {
				break
			}
			names, cells = append(names, m[1]), append(cells, strings.Join(strings.Fields(m[2]), " "))
		}
		if !slices.Contains(names, "ours") {
			head = nil
			b.WriteString(lines[i])
			if i < len(lines)-1 {
				b.WriteByte('\n')
			}
			continue
		}
		if !slices.Equal(names, head) {
			if head != nil {
				b.WriteByte('\n')
			}
			head = names
			b.WriteString("| measured | " + strings.Join(names, " | ") + " |\n" + strings.Repeat("|---", len(names)+1) + "|\n")
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		i = j - 1
	}
	return b.String()
}

// widest is the longest cell that others are made as wide as.
const widest = 80

// draw writes a table with columns of even width.
func draw(b *strings.Builder, table [][]string) {
	var width []int
	for _, row := range table {
		for i, c := range row {
			if i == len(width) {
				width = append(width, 3)
			}
			if n := utf8.RuneCountInString(c); !rule(row) && n <= widest {
				width[i] = max(width[i], n)
			}
		}
	}
	for _, row := range table {
		for i, c := range row {
			fill := " "
			if rule(row) {
				c, fill = "-", "-"
			}
			b.WriteString("| " + c + strings.Repeat(fill, max(0, width[i]-utf8.RuneCountInString(c))) + " ")
		}
		b.WriteString("|\n")
	}
}
