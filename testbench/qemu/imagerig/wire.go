package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/centralita/centralita/tools/debian"
)

// The wire of a box whose every port is looked at: a network of its own with this end,
// a DHCP server at it, and addresses for as many strangers as the scan needs.
const (
	wireName   = "tap0"
	wireHere   = "10.9.0.1"
	wireBox    = "10.9.0.2"
	wirePeople = "10.9.128.0/17" // all of them are here
)

// inNetwork runs one step in a network namespace of its own, by this program again, and
// takes over what it found.
func (r *rig) inNetwork(ctx context.Context, name string) error {
	if os.Geteuid() != 0 {
		return errors.New("cannot make a network of its own: that takes root")
	}
	for _, h := range [][2]string{{"ip", "iproute2"}, {"udhcpd", "udhcpd"}} {
		if _, err := exec.LookPath(h[0]); err != nil {
			if err := debian.Install(ctx, []string{h[1]}); err != nil {
				return err
			}
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	from, to, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-dir", r.dir, "-inside", name, fmt.Sprintf("-v=%v", r.all))
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{to}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(cmd.Start(), to.Close()); err != nil {
		return errors.Join(fmt.Errorf("cannot run in a network of its own: %w", err), from.Close())
	}
	text, err := io.ReadAll(from)
	err = errors.Join(err, from.Close(), cmd.Wait())
	var rows []row
	if len(text) > 0 {
		err = errors.Join(err, json.Unmarshal(text, &rows))
	}
	r.rows = append(r.rows, rows...)
	return err
}

// inside is the other half of inNetwork. What it found goes to the third file.
func (r *rig) inside(ctx context.Context, name string) error {
	r.image, r.tree, r.tap = r.path("100", "qemu"), r.path("machine.dtb"), wireName
	end, err := r.wire(ctx)
	if err != nil {
		return err
	}
	switch name {
	case "ports":
		err = r.portsOf(ctx)
	default:
		err = fmt.Errorf("there is no step %q for a network of its own", name)
	}
	text, e := json.Marshal(r.rows)
	if e == nil {
		_, e = os.NewFile(3, "rows").Write(text)
	}
	return errors.Join(err, e, end())
}

// wire makes the wire and serves addresses at it.
func (r *rig) wire(ctx context.Context) (end func() error, err error) {
	for _, line := range []string{"link set lo up", "tuntap add dev " + wireName + " mode tap", "addr add " + wireHere + "/16 dev " + wireName,
		"link set " + wireName + " up", "route add local " + wirePeople + " dev lo"} {
		if err := r.tool(ctx, "ip", strings.Fields(line)...); err != nil {
			return nil, err
		}
	}
	dir := r.path("dhcp")
	conf := fmt.Sprintf("start %s\nend %[1]s\ninterface %s\nlease_file %s/leases\npidfile %[3]s/pid\noption subnet 255.255.0.0\noption router %s\noption lease 3600\n"+
		"static_lease %s %[1]s\n", wireBox, wireName, dir, wireHere, mac)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "leases"), nil, 0o644),
		os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o644)); err != nil {
		return nil, err
	}
	server := exec.Command("udhcpd", "-f", filepath.Join(dir, "conf"))
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("cannot serve addresses: %w", err)
	}
	return func() error {
		err := server.Process.Kill()
		_ = server.Wait() // killed
		return err
	}, nil
}

// insideMain is main in a network of its own.
func (r *rig) insideMain(name string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.inside(ctx, name); err != nil {
		fmt.Fprintln(os.Stderr, "imagerig:", err)
		return 1
	}
	return 0
}
