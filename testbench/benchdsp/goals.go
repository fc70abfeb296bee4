package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goal is what figures.md asks of a row: numbers after ≤ or ≥, in the order in
// which they stand in our column. It holds for rows that begin with row.
type goal struct{ row, want string }

// goals are those of parts whose benches measure and do not judge.
var goals = map[string][]goal{
	"echo": {
		{"noise:", "≤ 0.45 / 0.55 / 0.7 [0] ≥ 48"},
		{"composite source signal:", "≤ 0.55 / 0.75 / 1.1 [0] ≥ 45"},
		{"speech:", "≤ 1.2 / 2 / 3.5 [0] ≥ 42"},
		{"double talk", "≥ 24 / 30 / 40"},
		{"path change", "≥ 15 / 41"},
		{"ns per frame", "≤ 17000 / 20000 / 22000 / 24000"},
	},
	"plc": {
		{"single losses", "≤ 7.0 / 3.5"},
		{"bursts of 3", "≤ 11 / 7"},
	},
}

var number = regexp.MustCompile(`[≤≥]|[+-]?\d+(\.\d+)?|∞`)

// reached reports whether the numbers of a cell fulfil a goal; a number that is
// not there does not.
func reached(want, cell string) bool {
	have := slices.DeleteFunc(number.FindAllString(cell, -1), func(s string) bool { return s == "≤" || s == "≥" })
	least, i := false, 0
	for _, s := range number.FindAllString(want, -1) {
		if s == "≤" || s == "≥" {
			least = s == "≥"
			continue
		}
		limit, err := strconv.ParseFloat(s, 64)
		if err != nil || i >= len(have) {
			return false
		}
		got, err := strconv.ParseFloat(have[i], 64)
		if err != nil || least && got < limit || !least && got > limit {
			return false
		}
		i++
	}
	return true
}

// judge adds the goals of a part to a table that tells none, and marks the rows
// of ours that miss theirs.
func judge(part string, table [][]string) [][]string {
	ours := slices.Index(table[0], "ours")
	if ours < 0 || slices.Contains(table[0], "goal") {
		return table
	}
	any := false
	wants := make([]string, len(table))
	for i, row := range table[1:] {
		for _, g := range goals[part] {
			if !strings.HasPrefix(row[0], g.row) || ours >= len(row) {
				continue
			}
			any = true
			wants[i+1] = g.want
			if !reached(g.want, row[ours]) {
				row[ours] += " " + mark
			}
		}
	}
	if !any {
		return table
	}
	wants[0] = "goal"
	for i, row := range table {
		want := wants[i]
		if rule(row) {
			want = "---"
		}
		table[i] = slices.Insert(row, 1, want)
	}
	return table
}
