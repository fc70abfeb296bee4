package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/provision"
	"github.com/centralita/centralita/firmware/tel"
)

// cli is what the program understands itself; every other command is the
// console's.
type cli struct {
	Run       runCmd           `cmd:"" help:"Run the appliance until SIGTERM."`
	Check     checkCmd         `cmd:"" help:"Check a configuration, or the centralita.yaml of a card, and print every problem as FILE:LINE:COL: what, why, hint."`
	Keeper    keeperCmd        `cmd:"" help:"Do for the program what needs root; the box's image starts it."`
	Provision provisionCmd     `cmd:"" help:"Finish a factory reset and set the box up from its card; the box's image starts it before run."`
	Backup    backupCmd        `cmd:"" help:"Put the box into one file."`
	Restore   restoreCmd       `cmd:"" help:"Check a backup and put it in the place of the box, when no call goes on."`
	Version   kong.VersionFlag `help:"Print the version."`
}

// ownCommands are the commands of cli.
var ownCommands = []string{"backup", "restore", "run", "check", "keeper", "provision"}

type runCmd struct {
	Config  string       `type:"existingfile" placeholder:"FILE" help:"The configuration. Without it: the version that DIR has kept, or the factory's."`
	Data    string       `required:"" placeholder:"DIR" help:"Folder of the book, secrets, sockets and own prompts; made when missing."`
	SIP     string       `placeholder:"HOST:PORT" help:"Listen for SIP here instead."`
	Keeper  string       `placeholder:"PATH" help:"Socket of the keeper; without it the image's, if there is one."`
	journal *Journal     `kong:"-"` // of the program, for all its houses
	follows bool         `kong:"-"` // there was a house before
	seats   *seats       `kong:"-"` // at serial lines, for all its houses
	built   func(*House) `kong:"-"` // is told of each house before it runs; nil: nobody

	Web   string `placeholder:"HOST:PORT" help:"Serve the wall page here instead; over TLS it is 363 ports above, as 443 is above 80."`
	HTTPS string `name:"https" placeholder:"HOST:PORT" help:"Serve the pages with a log-in here instead."`

	Confine bool `help:"Give up what the work does not need: files by Landlock, system calls by a filter. The box's image says so; of the Debian package systemd sees to it."`

	priority board.Report   // what became of real time
	reports  []board.Report // and of the confinement
}

type checkCmd struct {
	File string `arg:"" help:"The configuration."`
	Lang string `enum:"en,es" default:"en" placeholder:"es|en" help:"Language of the problems, es or en."`
}

// Main runs the program and returns its exit code: 0 fine, 1 the thing asked
// about is not fine or the house could not run, 2 wrong usage, 3 nobody answers.
func Main(args []string, stdout, stderr io.Writer) int {
	if code, ok := leaseScript(args, stdout); ok {
		return code
	}
	if code, ok := consoleCommand(args, stdout, stderr); ok {
		return code
	}
	var c cli
	code, exited := 0, false
	k, err := kong.New(&c, kong.Name("centralita"), kong.Description("A call centre for a small office's lines.\n\n"+consoleHelp()),
		kong.Vars{"version": "centralita " + Version}, kong.Writers(stdout, stderr), kong.Exit(func(n int) { code, exited = n, true }))
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.Usage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := k.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "centralita: %v; --help lists the commands\n", err)
		return console.Usage
	}
	switch strings.Fields(ctx.Command())[0] {
	case "backup":
		return c.Backup.run(stdout, stderr)
	case "restore":
		return c.Restore.run(stdout, stderr)
	case "run":
		return c.Run.run(stdout, stderr)
	case "keeper":
		return c.Keeper.run(stderr)
	case "provision":
		return c.Provision.run(stdout, stderr)
	}
	return c.Check.run(stdout, stderr)
}

// consoleCommand runs args when they are a command of the console: by the
// daemon that holds the data folder, or on the book alone when none does.
func consoleCommand(args []string, stdout, stderr io.Writer) (int, bool) {
	data, rest := "var", []string(nil)
	for i := 0; i < len(args); i++ {
		switch v, eq := strings.CutPrefix(args[i], "--data="); {
		case eq:
			data = v
		case args[i] == "--data" && i+1 < len(args):
			i++
			data = args[i]
		default:
			rest = append(rest, args[i])
		}
	}
	first := firstWord(rest)
	if first < 0 || slices.Contains(ownCommands, rest[first]) && !onStick(rest[first:]) {
		return 0, false
	}
	if rest[first] == "console" {
		if len(rest) > 1 {
			fmt.Fprintln(stderr, "centralita: console takes no arguments; write them in the session")
			return console.Usage, true
		}
		return sit(data, os.Stdin, stdout, stderr), true
	}
	if rest[first] == "help" {
		return console.New(console.Deps{}).Exec(context.Background(), rest, stdout), true
	}
	if !slices.ContainsFunc(console.Names(), func(n string) bool { return strings.Fields(n)[0] == rest[first] }) {
		fmt.Fprintf(stderr, "centralita: there is no command %q; --help lists them\n", rest[first])
		return console.Usage, true
	}
	rest, err := withDocument(rest, os.Stdin)
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.Usage, true
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := console.RunAsking(ctx, filepath.Join(data, console.SocketName), rest, stdout, answers(os.Stdin, stdout))
	if err == nil {
		return code, true
	}
	if code == console.Unreachable && console.Offline(rest) {
		return offline(ctx, data, rest, stdout, stderr), true
	}
	if code == console.Unreachable {
		err = fmt.Errorf("%w; hint: is it running, and is this its data folder? --data DIR names another", err)
	}
	fmt.Fprintln(stderr, "centralita:", err)
	return code, true
}

// firstWord returns where the command stands among args, -1 for nowhere; the value
// of --lang is none.
func firstWord(args []string) int {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--lang":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return i
		}
	}
	return -1
}

// onStick reports whether a backup goes to or comes from the box's USB stick, which is
// the console's; a file of that name is ./usb.
func onStick(args []string) bool {
	i := 1 + firstWord(args[1:])
	return i > 0 && (args[0] == "backup" && args[i] == "usb" || args[0] == "restore" && (args[i] == "usb" || args[i] == "begin" || strings.HasPrefix(args[i], "usb:")))
}

// offline answers from the book while no daemon runs.
func offline(ctx context.Context, data string, args []string, stdout, stderr io.Writer) int {
	r, err := book.Read(data)
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.Unreachable
	}
	code := console.New(console.Deps{Book: r, Location: r.Location()}).Exec(ctx, args, stdout)
	if err := r.Close(); err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
	}
	return code
}

// prompts loads the prompts; those of the data folder stand above the built-in.
func prompts(data string, log *slog.Logger) (*prompt.Pack, error) {
	return prompt.Load(os.DirFS(filepath.Join(data, "prompts")), log)
}

func (c *checkCmd) run(stdout, stderr io.Writer) int {
	pack, err := prompts("", slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	_, problems := config.Load(c.File, pack.Has)
	if data, err := config.ReadFile(c.File); err == nil && provision.Begins(data) { // of a card, with the owner and secrets
		_, problems = provision.Parse(c.File, data, cardCheck(pack))
	}
	ok, err := config.Tell(problems, tel.Lang(c.Lang), stdout)
	if err != nil {
		fmt.Fprintln(stderr, "centralita:", err)
		return console.NotFine
	}
	if !ok {
		return console.NotFine
	}
	return console.Fine
}

// closing says what else went wrong while something was given up.
func closing(err error) string {
	if err == nil {
		return ""
	}
	return "; and: " + err.Error()
}

// typed is how somebody types the program that was started as name: as it was, where
// that was a path from the present folder.
func typed(name string) string {
	if filepath.Base(name) == "centralita" && !filepath.IsAbs(name) {
		return name
	}
	return "centralita"
}

// greet says in a few lines what is up and how to call it.
func (h *House) greet(w io.Writer, data string, took time.Duration) {
	var lines, wired, sip []string
	for _, l := range h.cfg.Lines {
		lines = append(lines, string(l.ID))
	}
	for _, f := range h.cfg.Phones {
		if f.SIP {
			sip = append(sip, string(f.Ext))
		} else {
			wired = append(wired, string(f.Ext))
		}
	}
	sipAt, wall := h.reached()
	token := ""
	if pagesLeave(h.cfg.Listen) { // the token itself is for no screen
		token = "?token=TOKEN; with it: centralita wall --data " + data
	}
	fmt.Fprintf(w, "Centralita %s · %s\n", Version, h.cfg.Site.Name)
	ring := ""
	if h.sim != nil {
		ring = "; ring one of the simulated board: make call"
	}
	fmt.Fprintf(w, "  lines    %s%s\n", strings.Join(lines, " "), ring)
	fmt.Fprintf(w, "  phones   %s on the board\n", strings.Join(wired, " "))
	for _, r := range append(h.board.Reports(), h.real.reports...) {
		fmt.Fprintf(w, "  board    %s\n", r)
	}
	if h.dog.report.Driver != "" {
		fmt.Fprintf(w, "  board    %s\n", h.dog.report)
	}
	fmt.Fprintf(w, "  SIP      %s at %s; accounts: %s phones --data %s\n", strings.Join(sip, " "), sipAt, typed(os.Args[0]), data)
	fmt.Fprintf(w, "  wall     http://%s/wall%s\n", wall, token)
	h.greetDoors(w, data)
	fmt.Fprintf(w, "  console  %s status --data %s\n", typed(os.Args[0]), data)
	fmt.Fprintf(w, "ready in %d ms\n", took.Milliseconds())
}

// reached returns what others type to reach SIP and the wall page.
func (h *House) reached() (sip, wall string) {
	sipAt, wallAt := h.Addrs()
	sip, wall = sipAt.String(), wallAt.String()
	if at := h.here(); at.IsValid() {
		sip = at.String()
	}
	if at, err := netip.ParseAddrPort(wall); err == nil && at.Addr().IsUnspecified() {
		if own, err := ownAddress(at.Port()); err == nil { // else it stays as it is
			wall = own.String()
		}
	}
	return sip, wall
}

// consoleHelp lists the commands that a running house answers.
func consoleHelp() string {
	return "A running house answers: " + strings.Join(console.Names(), ", ") + ". They take --data DIR (default var), --json and --lang es|en. `centralita console` asks for them one after the other."
}
