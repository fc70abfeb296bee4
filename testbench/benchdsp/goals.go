package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goal is what figures.md asks of a row: numbers after ≤ or ≥, in the order in
// which they stand in our column, or in another one. It holds for rows that
// begin with row. A number may be "all": what stands in the column "of".
type goal struct{ row, want, column string }

// goals are those of parts whose benches measure and do not judge.
var goals = map[string][]goal{
	"progress": {
		{row: "nominal", want: "≥ all"},
		{row: "dial", want: "≤ 1000", column: "worst"},
		{row: "busy", want: "≤ 200", column: "worst beyond two periods"},
		{row: "staccato", want: "≤ 0"},
		{row: "sung", want: "≤ 0"},
		{row: "buzzing", want: "≤ 0"},
		{row: "recorded prompts", want: "≤ 0"},
		{row: "learned from", want: "≤ 0"},
	},
	"echo": {
		{row: "noise:", want: "≤ 0.45 / 0.55 / 0.7 [0] ≥ 48"},
		{row: "composite source signal:", want: "≤ 0.55 / 0.75 / 1.1 [0] ≥ 45"},
		{row: "speech:", want: "≤ 1.2 / 2 / 3.5 [0] ≥ 42"},
		{row: "double talk", want: "≥ 24 / 30 / 40"},
		{row: "path change", want: "≥ 15 / 41"},
		{row: "ns per frame", want: "≤ 17000 / 20000 / 22000 / 24000"},
	},
	"plc": {
		{row: "single losses", want: "≤ 7.0 / 3.5"},
		{row: "bursts of 3", want: "≤ 11 / 7"},
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
// that miss theirs.
func judge(part string, table [][]string) [][]string {
	head := table[0]
	if slices.Contains(head, "goal") {
		return table
	}
	found := false
	wants := make([]string, len(table))
	wants[0] = "goal"
	for i, row := range table {
		if rule(row) {
			wants[i] = "---"
		}
		for _, g := range goals[part] {
			at := slices.Index(head, or(g.column, "ours"))
			if i == 0 || at < 0 || at >= len(row) || !strings.HasPrefix(row[0], g.row) {
				continue
			}
			found = true
			wants[i] = g.want
			if of := slices.Index(head, "of"); of > 0 && of < len(row) {
				wants[i] = strings.ReplaceAll(g.want, "all", row[of])
			}
			if !reached(wants[i], row[at]) {
				row[at] += " " + mark
			}
			if g.column != "" {
				wants[i] = g.column + " " + wants[i]
			}
			break
		}
	}
	if !found {
		return table
	}
	for i, row := range table {
		table[i] = slices.Insert(row, 1, wants[i])
	}
	return table
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}
