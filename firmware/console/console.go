// Package console is what a person types: one table of commands that answers
// over a local socket now, and over the serial line and SSH by the same
// functions. It reads the picture and the book, asks a small interface to act,
// writes plain text of 80 columns in Spanish or English or JSON, and keeps no
// state of its own.
package console

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Exit codes.
const (
	Fine        = 0 // done
	NotFine     = 1 // what was asked about is not fine, or what was asked for was refused
	Usage       = 2 // the command was not understood
	Unreachable = 3 // nobody answers who could do it
)

// Book is what the console reads of the book; *book.Book and *book.Reader are ones.
type Book interface {
	// CallLines returns the newest n calls (0: all) that began at or after
	// from, oldest first, each as one JSON object.
	CallLines(ctx context.Context, from time.Time, n int) iter.Seq2[[]byte, error]
	// TailLines returns the last n events, oldest first, each as one JSON object.
	TailLines(ctx context.Context, n int) iter.Seq2[[]byte, error]
	// Verify returns the last number; the error has a method Number when the
	// chain is broken there.
	Verify(ctx context.Context) (uint64, error)
}

// Control is what the console can ask for. Each error is a sentence for people.
type Control interface {
	// Login seats an agent at a phone; ext is empty for his own.
	Login(ctx context.Context, agent tel.AgentID, ext tel.Number) error
	Logout(ctx context.Context, agent tel.AgentID) error
	// Pause makes an agent not ready; reason is the id of a pause or empty.
	Pause(ctx context.Context, agent tel.AgentID, reason string) error
	Unpause(ctx context.Context, agent tel.AgentID) error
	// Schedule switches a schedule to "auto", "open" or "closed".
	Schedule(ctx context.Context, id, mode string) error
	// Messages tells a phone's owner how many messages wait.
	Messages(ctx context.Context, ext tel.Number, n int) error
}

// Account is what has to be typed into a SIP phone.
type Account struct {
	Ext    tel.Number `json:"ext"`
	Name   string     `json:"name"`
	Server string     `json:"server"` // HOST:PORT
	User   string     `json:"user"`
	Secret string     `json:"secret"`
}

// Deps are what the commands stand on. A nil one makes its commands answer
// that the daemon is not running.
type Deps struct {
	View    func() *view.Snapshot
	Book    Book
	Control Control
	Net     Net
	Box     Box
	Lines   Lines
	Time    Time
	Journal Log
	Support Support
	Backups Backups
	// Exported books who took calls of the book: bytes of them, all that were asked for
	// unless err; nil: they are read where no house is.
	Exported func(who tel.Who, bytes int64, err error)
	Config   Config
	Phones   func() []Account
	Secrets  Secrets
	Title    string // of a session: product, version, site
	SSH      func() SSH
	Access   Access // who may enter at the serial line; nil: nobody can
	// Accounts are the people who enter; nil where there are none.
	Accounts Accounts
	Updates  Updates // new versions of the box
	// Panel draws the front of the box: the four rows of the display and the
	// signs of the lamps. now is in the zone of Location.
	Panel func(s *view.Snapshot, now time.Time) (rows [4]string, lamps string)
	// TestLamps begins the lamp test of the front; nil: there is no front.
	TestLamps func()
	Lang      tel.Lang         // of answers unless asked otherwise; empty: the picture's, then Spanish
	Location  *time.Location   // of times shown; nil: the system's
	Log       *slog.Logger     // nil: nothing is logged
	Now       func() time.Time // what time it is, on the clock of the picture; nil: time.Now
}

// Console answers commands. It may be used by many at once.
type Console struct{ d Deps }

// New makes a console.
func New(d Deps) *Console {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Location == nil {
		d.Location = time.Local
	}
	return &Console{d: d}
}

// request is a command as it was typed.
type request struct {
	cmd   *command
	args  []string
	json  bool
	check bool // status: exit 1 while an alarm asks to act now; board: while a port failed
	once  bool // panel: one picture

	follow bool          // log: what comes as well
	level  string        // log: the least
	since  time.Duration // log: not older
	list   bool          // support bundle: what would be in it

	encrypt bool // backup, restore: there is a passphrase
	book    bool // backup: the book too

	lang tel.Lang
}

// Limits of a request.
const (
	maxArgs = 16
	maxArg  = 8 << 10 // bytes: a line's profile fits

	maxDocument = 1 << 20 // bytes of a file that was sent: a configuration fits
)

// usageError is an error of the one who typed, in both languages.
type usageError struct{ es, en string }

func (e usageError) Error() string { return e.en }

// parse understands args. It accepts flags anywhere.
func parse(args []string) (request, error) {
	var r request
	var words []string
	if len(args) > maxArgs {
		return r, usageError{"demasiados argumentos", "too many arguments"}
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) > maxArg && !strings.Contains(a, "\n") || len(a) > maxDocument {
			return r, usageError{"un argumento es demasiado largo", "an argument is too long"}
		}
		name, value, glued := strings.Cut(a, "=")
		switch {
		case a == "--json":
			r.json = true
		case a == "--check":
			r.check = true
		case a == "--once":
			r.once = true
		case a == "-f" || a == "--follow":
			r.follow = true
		case a == "--list":
			r.list = true
		case a == "--encrypt":
			r.encrypt = true
		case a == "--book":
			r.book = true
		case name == "--level" || name == "--since":
			if !glued && i+1 < len(args) {
				i++
				value = args[i]
			}
			if err := r.choose(name, value); err != nil {
				return r, err
			}
		case name == "--lang":
			if !glued && i+1 < len(args) {
				i++
				value = args[i]
			}
			if r.lang = tel.Lang(value); r.lang != tel.Spanish && r.lang != tel.English {
				return r, usageError{"--lang es es o en", "--lang is es or en"}
			}
		case strings.HasPrefix(a, "-") && !negative(a) && !strings.Contains(a, "\n"): // a file is no option
			return r, usageError{"no hay opción " + strconv.Quote(a), "there is no option " + strconv.Quote(a)}
		default:
			words = append(words, a)
		}
	}
	return r, r.find(words)
}

// choose takes an option with a value.
func (r *request) choose(name, value string) error {
	if name == "--level" {
		r.level = value
		return nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return usageError{"--since es un tiempo como 10m o 2h", "--since is a time such as 10m or 2h"}
	}
	r.since = d
	return nil
}

// negative reports whether an argument is a number below zero, not an option.
func negative(a string) bool { return len(a) > 1 && a[1] >= '0' && a[1] <= '9' }

// find looks the words up in the table: the longest name that fits counts.
func (r *request) find(words []string) error {
	for i := range commands {
		c := &commands[i]
		name := strings.Fields(c.name)
		if len(words) < len(name) || strings.Join(words[:len(name)], " ") != c.name || r.cmd != nil && len(name) <= len(strings.Fields(r.cmd.name)) {
			continue
		}
		r.cmd, r.args = c, words[len(name):]
	}
	switch {
	case r.cmd != nil:
		if n := len(r.args); n < r.cmd.least || n > r.cmd.most {
			how := strings.TrimSpace(r.cmd.name + " " + r.cmd.args)
			return usageError{"se escribe: " + how, "write: " + how}
		}
		return nil
	case len(words) == 0 || words[0] == "help":
		return nil
	}
	if verbs := verbsOf(words[0]); len(verbs) > 0 {
		list := words[0] + " " + strings.Join(verbs, " | ")
		return usageError{"se escribe: " + list, "write: " + list}
	}
	typed := tel.CleanText(strings.Join(words, " ")).String()
	return usageError{fmt.Sprintf("no hay orden %q", typed), fmt.Sprintf("there is no command %q", typed)}
}

// verbsOf returns what may come behind the first word of commands of two.
func verbsOf(first string) []string {
	var out []string
	for _, c := range commands {
		if head, verb, two := strings.Cut(c.name, " "); two && head == first {
			out = append(out, verb)
		}
	}
	return out
}

// count reads an optional number among the arguments.
func (r *request) count(fallback int) (int, error) {
	if len(r.args) == 0 {
		return fallback, nil
	}
	n, err := strconv.Atoi(r.args[0])
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, usageError{"N es un número de 1 a 1000000", "N is a number from 1 to 1000000"}
	}
	return n, nil
}

// Offline reports whether the command in args needs nothing but the book, so
// that it can be done while no daemon runs.
func Offline(args []string) bool {
	r, err := parse(args)
	return err == nil && (r.cmd == nil || r.cmd.offline)
}

// atSocket is whoever reached the local socket.
var atSocket = tel.Who{Name: string(tel.DoorSocket), Role: tel.Owner, Via: tel.DoorSocket}

// Exec does one command for whoever stands at the local socket, whose file
// permissions are the log-in: he may everything. It writes to out and returns an
// exit code. A live command ends with ctx.
func (c *Console) Exec(ctx context.Context, args []string, out io.Writer) int {
	return c.exec(ctx, atSocket, args, out, nil)
}

// ExecAs does one command for who; what his role does not permit is refused.
func (c *Console) ExecAs(ctx context.Context, who tel.Who, args []string, out io.Writer) int {
	return c.exec(ctx, who, args, out, nil)
}

func (c *Console) exec(ctx context.Context, who tel.Who, args []string, out io.Writer, frame func(string) error) int {
	return c.do(ctx, asked{who: who, args: args, out: out, frame: frame})
}

// asked is a command and who waits for its answer.
type asked struct {
	who   tel.Who
	args  []string
	out   io.Writer
	frame func(string) error // nil: pictures stand one below the other
	sh    *shell             // nil: no person sits there
	ask   asker              // nil: nobody can be asked but at a shell

	stream *Stream // nil: there is nothing but text
}

// do does one command.
func (c *Console) do(ctx context.Context, a asked) int {
	r, err := parse(a.args)
	who := c.now(a.who)
	s := &session{c: c, r: r, who: who, out: a.out, frame: a.frame, lang: c.lang(r.lang), now: c.d.Now(), sh: a.sh, asker: a.ask, stream: a.stream}
	if a.sh != nil && r.lang == "" {
		s.lang = a.sh.lang
	}
	if s.frame == nil {
		s.frame = s.below
	}
	switch {
	case err != nil:
		return s.fail(Usage, err)
	case r.cmd == nil:
		s.help()
		return Fine
	case who.Role < r.cmd.role:
		return s.forbidden()
	}
	code := r.cmd.run(ctx, s)
	if s.err != nil {
		c.d.Log.Debug("a console went away", "err", s.err)
	}
	return code
}

// now is who with the role that his account has now: a session may be older than
// what the owner has decided since.
func (c *Console) now(who tel.Who) tel.Who {
	if c.d.Accounts != nil && who.Role > tel.Nobody && (who.Via == tel.DoorSerial || who.Via == tel.DoorSSH) {
		who.Role = c.d.Accounts.RoleOf(who.Name)
	}
	return who
}

// below writes a picture below the one before.
func (s *session) below(text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(s.out, text+"\n")
	return err
}

// lang is the language of an answer.
func (c *Console) lang(asked tel.Lang) tel.Lang {
	switch {
	case asked != "":
		return asked
	case c.d.Lang != "":
		return c.d.Lang
	case c.d.View != nil && c.d.View().Lang != "":
		return c.d.View().Lang
	}
	return tel.Spanish
}

// forbidden says that the role does not permit the command.
func (s *session) forbidden() int { return s.forbiddenAs(s.r.cmd.role) }

// forbiddenAs says that the command, as it was typed, is for another role.
func (s *session) forbiddenAs(need tel.Role) int {
	if s.who.Role == tel.Nobody {
		return s.fail(NotFine, usageError{
			fmt.Sprintf("%s es para quien ha entrado; pista: login", s.r.cmd.name), fmt.Sprintf("%s is for those who have logged in; hint: login", s.r.cmd.name)})
	}
	return s.fail(NotFine, usageError{
		fmt.Sprintf("%s es para el papel %s o más; usted es %s", s.r.cmd.name, need, s.who.Role),
		fmt.Sprintf("%s is for the role %s and above; you are %s", s.r.cmd.name, need, s.who.Role)})
}

// help prints what of the table the role permits.
func (s *session) help() {
	for _, c := range commands {
		if s.who.Role < c.role || s.sh == nil && inSession(&c) {
			continue
		}
		s.printf("%s %s\n", cell(c.name+" "+c.args, 32), s.t(c.es, c.en))
	}
	s.printf("%s %s\n", cell("--json  --lang es|en", 32), s.t("en cualquier orden", "with any command"))
}
