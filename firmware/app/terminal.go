package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/centralita/centralita/firmware/console"
)

// sit is `centralita console`: a session of the running house at this terminal, or,
// where stdin is none, a command a line. It returns the exit code, of the last command
// that failed in the second case.
func sit(data string, stdin *os.File, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	socket := filepath.Join(data, console.SocketName)
	screen, ok := stdout.(*os.File)
	if !ok || !term.IsTerminal(int(stdin.Fd())) || !term.IsTerminal(int(screen.Fd())) {
		return script(ctx, socket, stdin, stdout, stderr)
	}
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	defer signal.Stop(changes)
	changes <- syscall.SIGWINCH // the first size
	sizes := make(chan console.Size)
	go func() {
		for range changes {
			cols, rows, err := term.GetSize(int(screen.Fd()))
			if err != nil {
				cols, rows = 0, 0 // the usual ones
			}
			select {
			case sizes <- console.Size{Rows: rows, Cols: cols}:
			case <-ctx.Done():
				return
			}
		}
	}()
	was, err := term.MakeRaw(int(stdin.Fd()))
	if err == nil {
		err = console.Attach(ctx, socket, stdin, stdout, sizes)
		err = errors.Join(err, term.Restore(int(stdin.Fd()), was))
	}
	if err == nil {
		return console.Fine
	}
	fmt.Fprintln(stderr, "centralita:", err)
	if errors.Is(err, console.ErrUnreachable) {
		return console.Unreachable
	}
	return console.NotFine
}

// script does a command for each line of in; # begins a remark.
func script(ctx context.Context, socket string, in io.Reader, stdout, stderr io.Writer) (code int) {
	lines := bufio.NewScanner(in)
	for lines.Scan() && ctx.Err() == nil {
		line := strings.TrimSpace(lines.Text())
		if line == "exit" || line == "logout" {
			return code
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		args, err := console.Words(line)
		got := console.Usage
		if err == nil {
			got, err = console.Run(ctx, socket, args, stdout)
		}
		if err != nil {
			fmt.Fprintln(stderr, "centralita:", err)
		}
		if got != console.Fine {
			code = got
		}
		if got == console.Unreachable {
			return code
		}
	}
	if err := lines.Err(); err != nil { // what follows is not done
		fmt.Fprintln(stderr, "centralita: cannot read the next command:", err)
		return console.NotFine
	}
	return code
}
