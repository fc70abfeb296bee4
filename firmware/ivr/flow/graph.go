package flow

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// loops reports circles of nodes that neither ask for a key nor hand over: a
// caller in one would listen for ever (J2).
func (c *checker) loops() {
	const fresh, open, done = 0, 1, 2
	c.round = make([]bool, len(c.f.Nodes))
	state := make([]int, len(c.f.Nodes))
	var path []int
	var walk func(i int)
	walk = func(i int) {
		state[i] = open
		path = append(path, i)
		for _, t := range c.next[i] {
			if n := c.f.Nodes[t]; n.Input() || n.Person() || state[t] == done {
				continue
			}
			if state[t] == fresh {
				walk(t)
				continue
			}
			from := 0
			for path[from] != t {
				from++
			}
			var names []string
			for _, p := range path[from:] {
				names = append(names, c.f.Nodes[p].ID)
				c.round[p] = true
			}
			c.sink.Report(c.f.Nodes[t].At, fmt.Sprintf("nodes %s go round in a circle", strings.Join(append(names, names[0]), " → ")),
				"nobody is asked for a key and nobody answers", "put a menu, a queue or a hang-up between them")
		}
		path = path[:len(path)-1]
		state[i] = done
	}
	for i, n := range c.f.Nodes {
		if state[i] == fresh && !n.Input() && !n.Person() {
			walk(i)
		}
	}
}

// reach marks the nodes that can be reached from the marked ones.
func reach(next [][]int, marks []bool) {
	var todo []int
	for i, m := range marks {
		if m {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, t := range next[i] {
			if !marks[t] {
				marks[t] = true
				todo = append(todo, t)
			}
		}
	}
}

// unreachable reports nodes no caller can come to.
func (c *checker) unreachable(start int) {
	marks := make([]bool, len(c.f.Nodes))
	marks[start] = true
	reach(c.next, marks)
	for i, n := range c.f.Nodes {
		if !marks[i] {
			c.sink.Report(n.At, fmt.Sprintf("node %s is never reached", place.Quote(n.ID)), fmt.Sprintf("no way leads to it from %s", place.Quote(c.f.Start)), "lead a node to it or remove it")
		}
	}
}

// ends reports nodes from which neither a person nor a hang-up can be reached.
// Nodes whose own ways are broken or go in a circle are reported already.
func (c *checker) ends() {
	back := make([][]int, len(c.f.Nodes))
	good := make([]bool, len(c.f.Nodes))
	for i, n := range c.f.Nodes {
		for _, t := range c.next[i] {
			back[t] = append(back[t], i)
		}
		good[i] = c.round[i] || n.Person() || n.Kind == KindHangUp || n.Kind == "" || len(c.next[i]) < len(n.Edges()) || len(c.next[i]) == 0
	}
	reach(back, good)
	for i, n := range c.f.Nodes {
		if !good[i] {
			c.sink.Report(n.At, fmt.Sprintf("node %s never ends", place.Quote(n.ID)), "neither a person nor a hang-up can be reached from it", "lead a way out of it")
		}
	}
}

// MaxSteps is how many times a caller may be asked for a key before he can have
// reached a person (J3).
const MaxSteps = 3

// persons reports menus of the open office from which a caller cannot reach a
// person within MaxSteps of his own doing (J3). What follows a closed schedule
// is exempt: nobody is there.
func (c *checker) persons(start int) {
	day := make([][]int, len(c.f.Nodes))
	for i, n := range c.f.Nodes {
		for _, e := range n.Edges() {
			t, ok := c.index[e.Target]
			if ok && e.Name != "closed" && e.Name != "holiday" {
				day[i] = append(day[i], t)
			}
		}
	}
	open := make([]bool, len(c.f.Nodes))
	open[start] = true
	reach(day, open)
	for i, n := range c.f.Nodes {
		if !open[i] || !n.Input() {
			continue
		}
		switch steps := c.steps(i, day); {
		case steps < 0:
			c.sink.Report(n.At, fmt.Sprintf("from node %s no person can be reached", place.Quote(n.ID)), "a caller must be able to reach one while the office is open", "lead a key to a queue or to dial: operator")
		case steps > MaxSteps:
			c.sink.Report(n.At, fmt.Sprintf("from node %s a person is %d steps away", place.Quote(n.ID), steps), fmt.Sprintf("at most %d are allowed", MaxSteps), "lead a key to a queue or to dial: operator")
		}
	}
}

// steps is how many input nodes lie between node i, itself included, and the
// nearest person; -1 when there is none.
func (c *checker) steps(i int, next [][]int) int {
	seen := make([]bool, len(next))
	level := []int{i}
	for steps := 0; len(level) > 0; steps++ {
		var later []int // reached by one more input
		for len(level) > 0 {
			j := level[len(level)-1]
			level = level[:len(level)-1]
			if seen[j] {
				continue
			}
			seen[j] = true
			n := c.f.Nodes[j]
			if n.Person() {
				return steps
			}
			if n.Input() {
				if n.Direct && len(c.refs.Extensions) > 0 {
					return steps + 1
				}
				later = append(later, next[j]...)
			} else {
				level = append(level, next[j]...)
			}
		}
		level = later
	}
	return -1
}
