package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/keeper/chores"
	"github.com/centralita/centralita/firmware/stick"
)

// keeperCmd is the helper with root's rights beside the program, see firmware/keeper.
type keeperCmd struct {
	Socket string                `default:"/run/centralita/keeper.sock" placeholder:"PATH" help:"Listen here, for the user alone."`
	User   string                `default:"centralita" placeholder:"NAME" help:"Who may ask: the program's user, by name or number."`
	Data   string                `default:"/data/centralita" placeholder:"DIR" help:"The program's data folder."`
	Disk   string                `placeholder:"DEVICE" help:"Disk with the update slots."`
	Resolv string                `default:"/run/centralita/resolv.conf" placeholder:"PATH" help:"Write the DNS servers here; /etc/resolv.conf is a link to it."`
	guard  func(context.Context) // of a trial; nil: none
	sticks *stick.Sticks         // of this machine
	DHCP   string                `placeholder:"PATH" help:"udhcpc or busybox; looked for when not said."`
}

// handlers are what the keeper can do.
func (c *keeperCmd) handlers(ch *chores.Chores, log *slog.Logger) map[string]keeper.Handler {
	all := ch.Handlers()
	c.sticks = stick.Of(stickFolder)
	for name, h := range (&stick.Keeper{Data: c.Data, Sticks: c.sticks}).Handlers() {
		all[name] = h
	}
	maps.Copy(all, c.slots(all, log))
	return all
}

func (c *keeperCmd) run(stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.serve(ctx, slog.New(slog.NewTextHandler(stderr, nil))); err != nil {
		fmt.Fprintln(stderr, "centralita keeper:", err)
		return console.NotFine
	}
	return console.Fine
}

func (c *keeperCmd) serve(ctx context.Context, log *slog.Logger) error {
	uid, _, err := account(c.User)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program's file: %w", err)
	}
	syscall.Umask(0o022)
	if err := os.MkdirAll(filepath.Dir(c.Socket), 0o755); err != nil {
		return fmt.Errorf("cannot make the socket's folder: %w", err)
	}
	l, err := keeper.Listen(c.Socket, uid)
	if err != nil {
		return err
	}
	ch := chores.New(chores.Config{Data: c.Data, Resolv: c.Resolv, Program: program, DHCP: c.DHCP, Log: log})
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { ch.Run(ctx) })
	handlers := c.handlers(ch, log)
	if c.guard != nil {
		working.Go(func() { c.guard(ctx) })
	}
	err = keeper.Serve(ctx, l, handlers)
	stop()
	working.Wait()
	return err
}

// leaseScript does what udhcpc, started by the keeper, starts this program for.
func leaseScript(args []string, stdout io.Writer) (code int, isOne bool) {
	is, err := chores.LeaseScript(args, os.Getenv, stdout)
	if err != nil {
		return console.NotFine, is
	}
	return console.Fine, is
}
