// Command listen is a technician's and tester's ear on recorded audio: keys,
// call-progress tones, cadences to learn, caller ids and fax tones, each with
// its time, one line per finding; and the echo canceller and the loss
// concealment tried on files.
//
//	go run ./tools/listen dtmf FILE
//	go run ./tools/listen --help
//
// It ends with 0 when the files could be heard, whatever was in them, 1 when one
// could not be read or written, 2 when it was asked wrongly.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitFile  = 1
	exitUsage = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// about stands above the list of commands.
const about = `An ear on recorded audio.

FILE is WAV (16- or 8-bit PCM, µ-law or A-law; 8000, 16000 or 48000 samples a second) or, when it ends in .raw, .s16, .s16le, .sln or .pcm,
16-bit little-endian samples, 8000 a second, one channel. Files of other endings are WAV when they begin with RIFF, else raw. OUT is
raw when its ending says so, else WAV. Of files with several channels one has to be chosen.

Findings are printed one a line, each with its time in seconds. Exit codes: 0 heard, 1 a file cannot be read or written, 2 wrong usage.`

// cli is the command line.
type cli struct {
	Channel int `placeholder:"N" help:"Listen to this channel of files that have several; the first is 1."`

	DTMF    dtmfCmd    `cmd:"" name:"dtmf" help:"Print each key: SECONDS DIGIT, the start of the tone."`
	Tones   tonesCmd   `cmd:"" help:"Print call-progress tones: SECONDS dial|ring|busy|congestion|info|unobtainable when decided, SECONDS - when it ended."`
	Learn   learnCmd   `cmd:"" help:"Print the plan of the cadence in the file, as --plan takes it."`
	CID     cidCmd     `cmd:"" name:"cid" help:"Print caller ids: SECONDS HEX, type, length and body without the checksum; of DTMF the keys."`
	Echo    echoCmd    `cmd:"" help:"Cancel the echo of FAR in NEAR, write what is left to OUT, print ERL, ERLE and delay."`
	Conceal concealCmd `cmd:"" help:"Conceal the lost frames of 20 ms in IN, write the result to OUT."`
	All     allCmd     `cmd:"" help:"Print everything heard in order of time: SECONDS KIND WHAT."`
}

// run does everything but end the process.
func run(args []string, stdout, stderr io.Writer) int {
	var c cli
	code, exited := 0, false
	k, err := kong.New(&c, kong.Name("listen"), kong.Description(about),
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { code, exited = n, true }))
	if err != nil {
		fmt.Fprintln(stderr, "listen:", err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := k.Parse(args)
	if exited {
		return code
	}
	if err == nil && c.Channel < 0 {
		err = fmt.Errorf("there is no channel %d", c.Channel)
	}
	if err != nil {
		fmt.Fprintf(stderr, "listen: %v; --help lists the commands\n", err)
		return exitUsage
	}
	if err := ctx.Run(&ear{channel: c.Channel, out: stdout, notes: stderr}); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFile
	}
	return 0
}

// ear is what every command has.
type ear struct {
	channel int
	out     io.Writer // findings
	notes   io.Writer // what a person should know besides
}

// say prints findings, each line made by form.
func (e *ear) say(found []finding, form func(finding) string) error {
	for _, f := range found {
		if _, err := fmt.Fprintf(e.out, "%s %s\n", seconds(f.from), form(f)); err != nil {
			return fmt.Errorf("cannot print what was heard: %w", err)
		}
	}
	return nil
}

// seconds writes milliseconds as seconds with three decimals.
func seconds(ms int64) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }
