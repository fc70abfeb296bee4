package flow

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// Bounds of a flow.
const (
	MaxRetries  = 9
	LeastPause  = time.Second
	LongestWait = time.Minute
	MaxSays     = 20 // things said in one go
	MaxID       = 32 // letters of a name
)

// kinds are the keys that make a node what it is, in the order in which a node
// with two of them is taken.
var kinds = [...]Kind{KindSchedule, KindGreet, KindLanguage, KindMenu, KindQueue, KindDial, KindHours, KindHangUp}

// Parse reads one flow from the table n, reporting to sink what cannot be
// read. It never returns nil; Check tells whether the flow holds together.
func Parse(sink *place.Sink, n *place.Node) *Flow {
	f := sink.Fields(n, n.At, "flow")
	out := &Flow{Name: f.NeedText("name", "principal"), At: n.At, Start: f.NeedText("start", "the first node")}
	checkID(sink, f.At("name"), "the name of a flow", out.Name)
	f.Need("nodes", "a table of nodes")
	for _, p := range f.Pairs("nodes") {
		if checkID(sink, p.Key.At, "the name of a node", p.Key.Text) {
			out.Nodes = append(out.Nodes, parseNode(sink, p.Key, p.Value))
		}
	}
	f.Done()
	out.starts = f.At("start")
	return out
}

// Word reports whether id can be the name of something: letters, digits, dash
// and underline, at most MaxID of them. The empty one can.
func Word(id string) bool {
	for _, r := range id {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return utf8.RuneCountInString(id) <= MaxID
}

// checkID reports a name that is no word. The empty one was reported already.
func checkID(sink *place.Sink, at place.At, what, id string) bool {
	ok := Word(id)
	if !ok {
		sink.Report(at, fmt.Sprintf("%s cannot be %s", what, place.Quote(id)),
			fmt.Sprintf("it may have letters, digits, - and _, at most %d", MaxID), "choose another name")
	}
	return ok && id != ""
}

// parser reads the keys of one node.
type parser struct {
	sink *place.Sink
	f    *place.Fields
	node *Node
}

// parseNode reads one node; its place is that of its name.
func parseNode(sink *place.Sink, key, value *place.Node) *Node {
	node := &Node{ID: key.Text, At: key.At, where: map[string]Place{}}
	if value.Kind != place.Table {
		sink.Report(key.At, fmt.Sprintf("node %s must be a table of keys", place.Quote(node.ID)),
			"it is "+value.Kind.String(), "write its keys below it, indented by two spaces")
		return node
	}
	for _, p := range value.Pairs {
		node.where[p.Key.Text] = p.Value.At
	}
	f := sink.Fields(value, key.At, "node "+key.Text)
	var found []string
	for _, k := range kinds {
		if f.Has(string(k)) {
			found = append(found, string(k))
		}
	}
	switch {
	case len(found) > 1:
		sink.Report(key.At, fmt.Sprintf("node %s is %s at once", place.Quote(node.ID), strings.Join(found, " and ")),
			"a node does one thing", "divide it into two nodes")
		return node
	case len(found) == 1:
		node.Kind = Kind(found[0])
	case f.Has("say"):
		node.Kind = KindPlay
	default:
		sink.Report(key.At, fmt.Sprintf("node %s does nothing", place.Quote(node.ID)), "it has none of the keys that make a node",
			"give it one of say, greet, schedule, language, menu, queue, dial, hours, hangup")
		return node
	}
	p := &parser{sink, f, node}
	p.keys()
	f.Done()
	return node
}

// keys reads what belongs to the kind of the node.
func (p *parser) keys() {
	n, f := p.node, p.f
	switch n.Kind {
	case KindPlay:
		n.Say = p.say("say", true)
		n.BargeIn = f.Bool("barge_in", false)
		n.Next = f.Text("next", "")
	case KindGreet:
		n.Greets = p.greets()
		n.BargeIn = f.Bool("barge_in", false)
		n.Next = f.Text("next", "")
	case KindHours:
		n.Schedule = f.NeedText("hours", "the schedule")
		n.BargeIn = f.Bool("barge_in", false)
		n.Next = f.Text("next", "")
	case KindSchedule:
		n.Schedule = f.NeedText("schedule", "its id")
		n.Open = f.NeedText("open", "a node")
		n.Closed = f.NeedText("closed", "a node")
		n.Holiday = f.Text("holiday", "")
	case KindLanguage:
		n.Languages = p.choices("language")
		p.input(1)
		n.Next = f.Text("next", "")
	case KindMenu:
		n.Choices = p.choices("menu")
		n.Direct = f.Bool("direct", false)
		n.Between = f.Duration("between", 3*time.Second, LeastPause, LongestWait)
		p.input(2)
	case KindQueue:
		n.Queue = tel.QueueID(f.NeedText("queue", "its id"))
		n.Next = f.Text("next", "")
	case KindDial:
		n.Extension = tel.Number(f.NeedText("dial", "an extension or operator"))
		n.Next = f.Text("next", "")
	case KindHangUp:
		if !f.Bool("hangup", true) {
			p.sink.Report(f.At("hangup"), "hangup cannot be false", "the key makes the node hang up", "write hangup: true")
		}
		n.Say = p.say("say", false)
	}
}

// input reads what menu and language share.
func (p *parser) input(timeouts int) {
	n, f := p.node, p.f
	n.Say = p.say("say", true)
	n.BargeIn = f.Bool("barge_in", true)
	n.Timeout = f.Duration("timeout", 5*time.Second, LeastPause, LongestWait)
	n.Invalids = f.Int("invalids", 3, 1, MaxRetries)
	n.Timeouts = f.Int("timeouts", timeouts, 1, MaxRetries)
	n.SayInvalid = p.say("say_invalid", false)
	n.SayTimeout = p.say("say_timeout", false)
	n.OnInvalid = f.NeedText("on_invalid", "a node")
	n.OnTimeout = f.NeedText("on_timeout", "a node")
}

// say reads a list of things to say.
func (p *parser) say(key string, need bool) []tel.Say {
	if need {
		if n := p.f.Need(key, "[welcome]"); n != nil && n.Kind == place.List && len(n.Items) == 0 {
			p.sink.Report(n.At, fmt.Sprintf("%s of node %s is empty", key, p.node.ID), "the caller would hear nothing", "name a prompt")
		}
	}
	items := p.f.Texts(key)
	if len(items) > MaxSays {
		p.sink.Report(items[MaxSays].At, fmt.Sprintf("%s of node %s has %d entries", key, p.node.ID, len(items)),
			fmt.Sprintf("at most %d are said in one go", MaxSays), "divide the node")
		items = items[:MaxSays]
	}
	var out []tel.Say
	for _, n := range items {
		if s, ok := parseSay(p.sink, n); ok {
			p.node.where[entryKey(key, len(out))] = n.At
			out = append(out, s)
		}
	}
	return out
}

// parseSay reads a prompt id, pause:MILLISECONDS, number:N or digits:KEYS.
func parseSay(sink *place.Sink, n *place.Node) (tel.Say, bool) {
	kind, rest, special := strings.Cut(n.Text, ":")
	if !special {
		ok := checkID(sink, n.At, "a prompt", n.Text)
		if n.Text == "" {
			sink.Report(n.At, "a prompt has no name", "the caller would hear nothing", "name a prompt")
		}
		return tel.Say{Kind: tel.SayPrompt, ID: n.Text}, ok
	}
	v, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case kind == "prompt" && checkID(sink, n.At, "a prompt", rest):
		return tel.Say{Kind: tel.SayPrompt, ID: rest}, true
	case kind == "pause" && err == nil && v > 0 && v <= 10000:
		return tel.Say{Kind: tel.SayPause, N: v}, true
	case kind == "number" && err == nil && v >= 0 && v <= 999999:
		return tel.Say{Kind: tel.SayNumber, N: v}, true
	case kind == "digits":
		if d, ok := tel.CleanNumber(rest); ok && d != "" {
			return tel.Say{Kind: tel.SayDigits, ID: string(d)}, true
		}
	}
	sink.Report(n.At, fmt.Sprintf("%s cannot be said", place.Quote(n.Text)), "it is no prompt, pause:1..10000 (ms), number:0..999999 or digits:KEYS",
		"name a prompt")
	return tel.Say{}, false
}

// choices reads keys and their targets.
func (p *parser) choices(key string) []Choice {
	n := p.f.Need(key, `{"1": a node}`)
	if n == nil {
		return nil
	}
	if n.Kind == place.Table && len(n.Pairs) == 0 {
		p.sink.Report(n.At, fmt.Sprintf("%s of node %s has no choices", key, p.node.ID), "a caller could press nothing", `add one: {"1": a node}`)
	}
	var out []Choice
	for _, pair := range p.f.Pairs(key) {
		k, v := pair.Key, pair.Value
		if len(k.Text) != 1 || !tel.Digit(k.Text[0]).Valid() {
			p.sink.Report(k.At, fmt.Sprintf("%s is no key of a telephone", place.Quote(k.Text)), "keys are 0 to 9, * and #", "write one key in quotes")
			continue
		}
		if v.Kind != place.Text || v.Text == "" {
			p.sink.Report(v.At, fmt.Sprintf("key %s of node %s leads nowhere", k.Text, p.node.ID), "it is "+v.Kind.String(), "name a node")
			continue
		}
		out = append(out, Choice{Key: tel.Digit(k.Text[0]), Target: v.Text, At: v.At})
	}
	return out
}

// greets reads greetings by the time of day they begin at.
func (p *parser) greets() []Greet {
	n := p.f.Need("greet", `{"06:00": good-morning}`)
	if n == nil {
		return nil
	}
	if n.Kind == place.Table && len(n.Pairs) == 0 {
		p.sink.Report(n.At, fmt.Sprintf("greet of node %s is empty", p.node.ID), "the caller would hear nothing", `add one: {"06:00": good-morning}`)
	}
	var out []Greet
	for _, pair := range p.f.Pairs("greet") {
		from, ok := parseTime(pair.Key.Text)
		if !ok || from >= 1440 {
			p.sink.Report(pair.Key.At, fmt.Sprintf("%s is no time of day", place.Quote(pair.Key.Text)), "times are 00:00 to 23:59", `write it as "06:00"`)
			continue
		}
		g := Greet{From: from}
		items := []*place.Node{pair.Value}
		if pair.Value.Kind == place.List {
			items = pair.Value.Items
		}
		for _, item := range items {
			if item.Kind != place.Text {
				p.sink.Report(item.At, fmt.Sprintf("the greeting from %s must be a prompt", pair.Key.Text), "it is "+item.Kind.String(), "name a prompt")
				continue
			}
			if s, ok := parseSay(p.sink, item); ok {
				g.Say = append(g.Say, s)
			}
		}
		for _, other := range out {
			if other.From == from {
				p.sink.Report(pair.Key.At, fmt.Sprintf("there are two greetings from %s", pair.Key.Text), "only one can be said", "remove one")
			}
		}
		out = append(out, g)
	}
	return out
}

// parseTime reads "HH:MM", 00:00 to 24:00, as minutes after midnight.
func parseTime(s string) (int, bool) {
	h, m, ok := strings.Cut(s, ":")
	if !ok || len(h) == 0 || len(h) > 2 || len(m) != 2 || strings.Trim(h+m, "0123456789") != "" {
		return 0, false
	}
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	t := hours*60 + minutes
	return t, minutes < 60 && t <= 1440
}
