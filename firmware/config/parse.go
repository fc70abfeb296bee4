package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // zones on boards that have no tz database

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// Problem is one thing a person must put right in the document.
type Problem = place.Problem

// HasPrompt tells whether there is audio for a prompt in a language.
type HasPrompt func(lang tel.Lang, id string) bool

// Load reads and checks the document file. With problems the configuration is
// nil. A nil has leaves prompts unchecked.
func Load(file string, has HasPrompt) (*Config, []Problem) {
	data, err := ReadFile(file)
	if err != nil {
		return nil, []Problem{{File: file, Line: 1, Col: 1, What: "cannot read the document", Why: err.Error(), Hint: "give the path of a file that can be read"}}
	}
	return Parse(file, data, has)
}

// ReadFile reads a file, one byte more than a document may have at most.
func ReadFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing was written: there is nothing to lose
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder", file)
	}
	return io.ReadAll(io.LimitReader(f, place.MaxSize+1))
}

// Parse reads and checks a document held in data and called name in problems.
// It answers with the configuration, every default filled in, or with every
// problem of the document, sorted by place.
func Parse(name string, data []byte, has HasPrompt) (*Config, []Problem) {
	sum := sha256.Sum256(data)
	r := &reader{
		sink: place.NewSink(name),
		cfg:  &Config{File: name, Digest: hex.EncodeToString(sum[:])},
		seen: map[string]place.At{},
		has:  has,
	}
	root := place.Parse(r.sink, data)
	if root == nil {
		return nil, r.sink.Problems()
	}
	if root.Kind == place.Nothing {
		r.sink.Report(root.At, "the document is empty", "an office needs a site and telephones at least", "begin with board/sim/office.yaml")
		return nil, r.sink.Problems()
	}
	r.document(root)
	problems := r.sink.Problems()
	for _, s := range r.more {
		problems = append(problems, s.Problems()...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return r.cfg, nil
}

// Tell writes problems to w, one a line as FILE:LINE:COL: what, why, hint in a
// language; ok reports that there was none.
func Tell(problems []Problem, lang tel.Lang, w io.Writer) (ok bool, err error) {
	for _, p := range problems {
		if lang == tel.Spanish {
			p = spanish.Problem(p)
		}
		if _, err := fmt.Fprintln(w, p); err != nil {
			return false, fmt.Errorf("cannot write the problems of %s: %w", p.File, err)
		}
	}
	return len(problems) == 0, nil
}

// reader fills a configuration from a document.
type reader struct {
	sink  *place.Sink
	more  []*place.Sink // of the other files that the document names
	cfg   *Config
	seen  map[string]place.At // where each id, number and socket was first used
	refs  []ref               // names to be looked up when all is read
	dials []dialled           // what telephones dial
	flows []*place.Node
	has   HasPrompt

	unsure []string // kinds of which one was unreadable: its name may be any
}

// ref is a name that must exist.
type ref struct {
	at   place.At
	who  string // "line L1"
	kind string // "flow", "queue", "phone", "route over"
	id   string
}

// unique reports an id that another of the same kind has already.
func (r *reader) unique(at place.At, kind, id string) {
	if id == "" {
		return
	}
	key := kind + "\x00" + id
	if first, twice := r.seen[key]; twice {
		r.sink.Report(at, fmt.Sprintf("%s %s is used twice", kind, place.Quote(id)), fmt.Sprintf("line %d has it already", first.Line), "choose another")
		return
	}
	r.seen[key] = at
}

// refer notes that id of a kind must exist.
func (r *reader) refer(at place.At, who, kind, id string) {
	if id != "" {
		r.refs = append(r.refs, ref{at, who, kind, id})
	}
}

// document reads every part in an order in which later ones may look back.
func (r *reader) document(root *place.Node) {
	f := r.sink.Fields(root, root.At, "the document")
	if root.Kind != place.Table {
		return
	}
	r.site(f.Fields("site", true))
	r.listen(f.Fields("listen", false))
	r.board(f.Fields("board", true))
	r.outside(f.Fields("outside", false))
	r.features(f.Fields("features", false))
	r.limits(f.Fields("limits", false))
	r.watchdog(f)
	r.log(f.Fields("log", false))
	r.clock(f.Fields("clock", false))
	r.access(f.Fields("access", false))
	r.update(f.Fields("update", false))
	for _, n := range f.List("lines") {
		r.line(r.sink.Fields(n, n.At, "line"))
	}
	for _, n := range f.List("phones") {
		r.phone(r.sink.Fields(n, n.At, "phone"))
	}
	for _, n := range f.List("trunks") {
		r.trunk(r.sink.Fields(n, n.At, "trunk"))
	}
	for _, n := range f.List("queues") {
		r.queue(r.sink.Fields(n, n.At, "queue"))
	}
	for _, n := range f.List("agents") {
		r.agent(r.sink.Fields(n, n.At, "agent"))
	}
	for _, n := range f.List("pauses") {
		r.pause(r.sink.Fields(n, n.At, "pause"))
	}
	for _, n := range f.List("uplinks") {
		r.uplink(r.sink.Fields(n, n.At, "uplink"))
	}
	r.cfg.Operator = r.digits(f, "operator", false)
	r.refer(f.At("operator"), "operator", "phone", string(r.cfg.Operator))
	r.cfg.Fax = r.digits(f, "fax", false)
	r.refer(f.At("fax"), "fax", "phone", string(r.cfg.Fax))
	zone := r.cfg.Site.Location
	for _, n := range f.List("schedules") {
		s := flow.ParseSchedule(r.sink, n, zone)
		r.unique(n.At, "schedule", s.ID)
		r.cfg.Schedules = append(r.cfg.Schedules, s)
	}
	r.flows = f.List("flows")
	r.parseFlows()
	f.Done()
	r.references()
	r.clashes()
	r.capacity(f)
}

// parseFlows reads and checks the flows against all that was read before.
func (r *reader) parseFlows() {
	refs := flow.Refs{Operator: r.cfg.Operator != "", Schedules: r.cfg.Schedules, Extensions: r.cfg.Extensions()}
	if r.has != nil {
		refs.HasPrompt = r.has
	}
	for _, q := range r.cfg.Queues {
		refs.Queues = append(refs.Queues, q.ID)
	}
	for _, n := range r.flows {
		fl := flow.Parse(r.sink, n)
		r.unique(n.At, "flow", fl.Name)
		if n.Kind == place.Table {
			flow.Check(r.sink, fl, refs)
		}
		r.cfg.Flows = append(r.cfg.Flows, fl)
	}
}

// Extensions returns the numbers of the phones in the order of the document:
// what a caller can dial in a menu, and a flow by dial.
func (c *Config) Extensions() []tel.Number {
	var out []tel.Number
	for _, p := range c.Phones {
		out = append(out, p.Ext)
	}
	return out
}

// Flow returns the flow called name, nil when there is none.
func (c *Config) Flow(name string) *flow.Flow {
	i := slices.IndexFunc(c.Flows, func(f *flow.Flow) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return c.Flows[i]
}

// limits reads the bounds of the house.
func (r *reader) limits(f *place.Fields) {
	r.cfg.Limits = Limits{
		Calls:    f.Int("calls", 100, 1, 5000),
		Longest:  f.Duration("longest", 4*time.Hour, time.Minute, 24*time.Hour),
		RingTime: f.Duration("ring_time", 25*time.Second, 5*time.Second, 5*time.Minute),
	}
	f.Done()
}
