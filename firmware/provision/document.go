package provision

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/lan"
)

// Key is the key of the document beside those of the configuration.
const Key = "provision"

// Bounds of what is given.
const (
	maxSecrets = 64
	maxSecret  = 512 // bytes
	maxKeys    = 10  // of the owner
)

// Plan is a checked file.
type Plan struct {
	Owner    *Owner            // nil: the box is claimed by its code
	Secrets  map[string]string // by the name behind "secret:"
	Net      *lan.Wanted       // nil: DHCP
	Document []byte            // the configuration; nil: the factory's
}

// Owner is the first account. One of Password and Hash is set, or there are keys.
type Owner struct {
	Name     string
	Password string // is hashed and kept nowhere
	Hash     string // argon2id, as its programs write it
	Keys     []string
}

// Check are the parts of the house that know what may stand in a file.
type Check struct {
	Document func(name string, doc []byte) []place.Problem
	Name     func(name string) error
	Password func(name, password string) error
	Hash     func(hash string) error
	Key      func(line string) error
}

// Begins reports whether data is the file of a card: a configuration that has the key.
func Begins(data []byte) bool {
	return bytes.HasPrefix(data, []byte(Key+":")) || bytes.Contains(data, []byte("\n"+Key+":"))
}

// Parse reads and checks a file called name. With problems there is no plan.
func Parse(name string, data []byte, check Check) (*Plan, []place.Problem) {
	sink := place.NewSink(name)
	root := place.Parse(sink, data)
	if root == nil {
		return nil, hide(sink.Problems(), nil)
	}
	if root.Kind == place.Nothing {
		sink.Report(place.At{}, "the file is empty", "there is nothing to set up", "put the configuration into it, or remove it")
		return nil, sink.Problems()
	}
	r := reader{sink: sink, check: check, plan: &Plan{Secrets: map[string]string{}}}
	block := r.block(root, data)
	var problems []place.Problem
	if rest := blank(data, block); len(bytes.TrimSpace(uncommented(rest))) > 0 {
		r.plan.Document = rest
		problems = check.Document(name, rest)
		r.referred(root)
	}
	problems = append(sink.Problems(), problems...)
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b place.Problem) int { return a.Line - b.Line })
		return nil, hide(problems, r.private)
	}
	return r.plan, nil
}

// reader reads what stands under Key.
type reader struct {
	sink    *place.Sink
	check   Check
	plan    *Plan
	private []string // texts that no problem may show
}

// lines is a range of lines from 1, the end not included.
type lines struct{ from, to int }

// block reads what stands under Key and returns its lines; none when it is not there.
func (r *reader) block(root *place.Node, data []byte) lines {
	if root.Kind != place.Table {
		return lines{} // the configuration's check says so
	}
	at := slices.IndexFunc(root.Pairs, func(p place.Pair) bool { return p.Key.Text == Key })
	if at < 0 {
		return lines{}
	}
	p := root.Pairs[at]
	if p.Key.At.Col != 1 {
		r.sink.Report(p.Key.At, Key+" does not stand at the beginning of its line", "its lines are taken out of the configuration", "write "+Key+": in a line of its own, and what belongs to it indented below")
		return lines{}
	}
	out := lines{p.Key.At.Line, bytes.Count(data, []byte("\n")) + 2}
	for _, q := range root.Pairs {
		if l := q.Key.At.Line; l > out.from && l < out.to {
			out.to = l
		}
	}
	r.hideAll(p.Value)
	f := r.sink.Fields(p.Value, p.Key.At, Key)
	if f.Has("owner") {
		r.owner(f.Fields("owner", true))
	} else {
		f.Get("owner")
	}
	r.secrets(f)
	if n := f.Get("net"); n != nil {
		w := lan.Read(r.sink, n)
		r.plan.Net = &w
	}
	f.Done()
	return out
}

// hideAll remembers the owner's password and the secrets, whatever shape they have.
func (r *reader) hideAll(block *place.Node) {
	for _, p := range block.Pairs {
		switch p.Key.Text {
		case "secrets":
			r.hideBelow(p.Value)
		case "owner":
			for _, q := range p.Value.Pairs {
				if strings.HasPrefix(q.Key.Text, "pass") {
					r.hideBelow(q.Value)
				}
			}
		}
	}
}

func (r *reader) hideBelow(n *place.Node) {
	if n.Text != "" {
		r.private = append(r.private, n.Text)
	}
	for _, i := range n.Items {
		r.hideBelow(i)
	}
	for _, p := range n.Pairs {
		r.hideBelow(p.Value)
	}
}

// owner reads the first account.
func (r *reader) owner(f *place.Fields) {
	o := &Owner{Name: f.NeedText("name", "maria"), Password: f.Text("password", ""), Hash: f.Text("password_hash", "")}
	r.judge(f.At("name"), r.check.Name(o.Name), o.Name != "")
	r.judge(f.At("password"), r.check.Password(o.Name, o.Password), o.Password != "")
	r.judge(f.At("password_hash"), r.check.Hash(o.Hash), o.Hash != "")
	for i, k := range f.Texts("ssh_keys") {
		if i == maxKeys {
			r.sink.Report(k.At, "there are too many keys", fmt.Sprintf("%d are possible", maxKeys), "leave some out")
			break
		}
		r.judge(k.At, r.check.Key(k.Text), true)
		o.Keys = append(o.Keys, k.Text)
	}
	switch {
	case o.Password != "" && o.Hash != "":
		r.sink.Report(f.At("password"), "there is a password and the hash of one", "one of them counts", "remove one")
	case o.Password == "" && o.Hash == "" && len(o.Keys) == 0:
		r.sink.Report(f.Where(), "the owner cannot log in", "there is neither password, password_hash nor ssh_keys", "add password_hash, or leave owner out and claim the box by its code")
	}
	f.Done()
	r.plan.Owner = o
}

func (r *reader) judge(at place.At, err error, given bool) {
	if given && err != nil {
		r.sink.Report(at, err.Error(), "", "")
	}
}

// secretName is what may stand behind "secret:".
var secretName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// secrets reads what the configuration refers to.
func (r *reader) secrets(f *place.Fields) {
	pairs := f.Pairs("secrets")
	if len(pairs) > maxSecrets {
		r.sink.Report(pairs[maxSecrets].Key.At, "there are too many secrets", fmt.Sprintf("%d are possible", maxSecrets), "")
		return
	}
	for _, p := range pairs {
		switch {
		case !secretName.MatchString(p.Key.Text):
			r.sink.Report(p.Key.At, fmt.Sprintf("a secret cannot be called %s", place.Quote(p.Key.Text)), "a name has letters, digits, - and _", "")
		case p.Value.Kind != place.Text || p.Value.Text == "" || len(p.Value.Text) > maxSecret:
			r.sink.Report(p.Value.At, "the secret "+p.Key.Text+" is no text", fmt.Sprintf("it has 1 to %d characters on one line", maxSecret), "write it in quotes")
		default:
			r.plan.Secrets[p.Key.Text] = p.Value.Text
		}
	}
}

// referred reports secrets that the configuration refers to and the file does not give.
func (r *reader) referred(n *place.Node) {
	if name, ok := strings.CutPrefix(n.Text, "secret:"); ok && n.Kind == place.Text && r.plan.Secrets[name] == "" {
		r.sink.Report(n.At, fmt.Sprintf("there is no secret %s", place.Quote(name)), "the box has none yet", "add it under "+Key+": secrets:")
	}
	for _, i := range n.Items {
		r.referred(i)
	}
	for _, p := range n.Pairs {
		if p.Key.Text != Key {
			r.referred(p.Value)
		}
	}
}

// blank empties the lines of a block, so that what follows keeps its place.
func blank(data []byte, block lines) []byte {
	if block == (lines{}) {
		return data
	}
	all := bytes.SplitAfter(data, []byte("\n"))
	var out []byte
	for i, l := range all {
		if n := i + 1; n >= block.from && n < block.to {
			l = l[len(bytes.TrimRight(l, "\r\n")):]
		}
		out = append(out, l...)
	}
	return out
}

// uncommented leaves comments and the marks of a document out.
func uncommented(doc []byte) []byte {
	var out []byte
	for l := range bytes.Lines(doc) {
		if t := bytes.TrimSpace(l); len(t) > 0 && t[0] != '#' && string(t) != "---" {
			out = append(out, l...)
		}
	}
	return out
}

// quoted is a text as problems quote it.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// hide takes private texts out of problems; when they are not known, because the
// file could not be read, everything that is quoted.
func hide(problems []place.Problem, private []string) []place.Problem {
	out := slices.Clone(problems)
	for i := range out {
		for _, s := range []*string{&out[i].What, &out[i].Why, &out[i].Hint} {
			if private == nil {
				*s = quoted.ReplaceAllString(*s, `"…"`)
				continue
			}
			*s = quoted.ReplaceAllStringFunc(*s, func(q string) string {
				if slices.ContainsFunc(private, func(p string) bool { return strings.HasPrefix(place.Quote(p), strings.TrimSuffix(q, `"`)) }) {
					return `"…"`
				}
				return q
			})
		}
	}
	return out
}
