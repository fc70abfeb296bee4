package line

import (
	"fmt"
	"strings"
)

// Move is one row of a machine's table: in From, when On happens, it may go To.
type Move struct {
	From State
	On   string // as What names events
	To   State
}

// What names an event for the tables: what happened, without its values.
func What(ev Event) string {
	switch ev := ev.(type) {
	case Wire:
		return words(fmt.Sprintf("%T", ev.Event))
	case Verdict:
		return [...]string{"number may go on", "number is whole", "number is impossible"}[min(ev.Progress, Never)]
	case PartyGone:
		if ev.Second {
			return "second party gone"
		}
		return "first party gone"
	case TimedOut:
		return "deadline"
	}
	return words(fmt.Sprintf("%T", ev))
}

// words turns the name of a type, pkg.LikeThis, into words.
func words(name string) string {
	name = name[strings.LastIndexByte(name, '.')+1:]
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	var b strings.Builder
	for i := range len(name) {
		if i > 0 && upper(i) && (!upper(i-1) || i+1 < len(name) && !upper(i+1)) {
			b.WriteByte(' ')
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(b.String())
}

// manyStates is from how many states on a move is told in words, not drawn.
const manyStates = 6

// Diagram draws a table in Markdown: a Mermaid state diagram, and in words what
// is alike in many states. Moves between the same two states share an arrow.
func Diagram(moves []Move) string {
	type end struct {
		on string
		to State
	}
	type arrow struct{ from, to State }
	common, on := map[end][]State{}, map[arrow][]string{}
	for _, m := range moves {
		e := end{m.On, m.To}
		common[e] = append(common[e], m.From)
	}
	var order []arrow
	var words []end
	for _, m := range moves {
		e, a := end{m.On, m.To}, arrow{m.From, m.To}
		switch from := common[e]; {
		case len(from) >= manyStates && from[0] == m.From:
			words = append(words, e)
		case len(from) >= manyStates:
		case on[a] == nil:
			order = append(order, a)
			fallthrough
		default:
			on[a] = append(on[a], m.On)
		}
	}
	id := func(s State) string { return strings.ReplaceAll(s.String(), " ", "_") }
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> " + id(Idle) + "\n")
	for _, a := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(a.from), id(a.to), strings.Join(on[a], " / "))
	}
	b.WriteString("```\n")
	for _, e := range words {
		var names []string
		for _, s := range common[e] {
			names = append(names, s.String())
		}
		fmt.Fprintf(&b, "\n*%s* leads to **%s** from: %s.\n", e.on, e.to, strings.Join(names, ", "))
	}
	return b.String()
}
