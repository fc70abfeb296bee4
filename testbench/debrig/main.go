// Command debrig proves the Debian package: it builds it for every architecture,
// asks lintian, and installs, runs, upgrades, removes and purges it in a Debian
// that systemd has started in a container. It needs root, and installs with apt
// what it calls.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

//go:embed rig.sh
var script string

// unit runs the script when the Debian is up, and ends the Debian.
const unit = `[Unit]
Description=The package's rig
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /rig/rig.sh %s
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/rig/verdict
StandardError=file:/rig/errors
`

// Limits.
const (
	longest = 8 * time.Minute // of the whole Debian
	promise = 30              // lines that the script must at least say
)

func main() {
	out := flag.String("out", "artefacts/deb", "folder of the packages and of Debian's base")
	version := flag.String("version", "", "version of the program, such as 0.1.0")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), longest+10*time.Minute)
	defer cancel()
	if err := run(ctx, *out, *version); err != nil {
		fmt.Fprintln(os.Stderr, "debrig:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, version string) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("cannot start a Debian in a container: it takes root; hint: sudo make rig-deb")
	}
	if err := need(ctx, "lintian:lintian", "mmdebstrap:mmdebstrap", "systemd-nspawn:systemd-container"); err != nil {
		return err
	}
	out, err = filepath.Abs(out)
	if err != nil {
		return err
	}
	newer := version + "+rig"
	for _, p := range [][]string{{"all", version}, {runtime.GOARCH, newer}} {
		if err := command(ctx, os.Stdout, "go", "run", "./tools/deb", "-arch", p[0], "-version", p[1], "-out", out); err != nil {
			return err
		}
	}
	file := func(version, arch string) string {
		return filepath.Join(out, fmt.Sprintf("centralita_%s-1_%s.deb", version, arch))
	}
	if err := check(ctx, file(version, "amd64"), file(version, "arm64"), file(version, "armhf")); err != nil {
		return err
	}
	base, err := debian(ctx, out)
	if err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "centralita-debrig-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	if err := command(ctx, io.Discard, "tar", "xf", base, "-C", root); err != nil {
		return err
	}
	if err := lay(root, file(version, runtime.GOARCH), file(newer, runtime.GOARCH), version, newer); err != nil {
		return err
	}
	began := time.Now()
	if err := boot(ctx, root); err != nil {
		return err
	}
	return verdict(root, time.Since(began))
}

// need installs programs that are not there; each is program:package.
func need(ctx context.Context, programs ...string) error {
	var missing []string
	for _, p := range programs {
		program, pkg, _ := strings.Cut(p, ":")
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := command(ctx, io.Discard, "apt-get", "update", "-q"); err != nil {
		return err
	}
	return command(ctx, io.Discard, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300", "install", "-q", "-y", "--no-install-recommends"}, missing...)...)
}

// command runs a program; what it said is in the error.
func command(ctx context.Context, out io.Writer, name string, args ...string) error {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(out, &said), &said
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot run %s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// check asks lintian; errors and warnings both count.
func check(ctx context.Context, files ...string) error {
	if err := command(ctx, os.Stdout, "lintian", append([]string{"--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"}, files...)...); err != nil {
		return err
	}
	fmt.Printf("ok   lintian has neither error nor warning in %d packages\n", len(files))
	return nil
}

// debian makes a small Debian with systemd once, and keeps it.
func debian(ctx context.Context, dir string) (string, error) {
	file := filepath.Join(dir, "base-bookworm.tar")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	fmt.Println("     a Debian is being put together, once")
	part := file + ".part.tar"
	if err := command(ctx, io.Discard, "mmdebstrap", "--quiet", "--variant=minbase", "--include=adduser,systemd,systemd-sysv,udev,procps", "bookworm", part); err != nil {
		return "", errors.Join(err, os.RemoveAll(part))
	}
	return file, os.Rename(part, file)
}

// lay puts the packages, the script and its unit into the Debian.
func lay(root, old, newer, oldVersion, newVersion string) error {
	rig := filepath.Join(root, "rig")
	if err := os.Mkdir(rig, 0o755); err != nil {
		return err
	}
	args := []string{"/rig/old.deb", "/rig/new.deb", oldVersion, newVersion}
	for i, from := range []string{old, newer} {
		body, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, args[i]), body, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(rig, "rig.sh"), []byte(script), 0o755); err != nil {
		return err
	}
	units := filepath.Join(root, "etc/systemd/system")
	if err := os.WriteFile(filepath.Join(units, "rig.service"), fmt.Appendf(nil, unit, strings.Join(args, " ")), 0o644); err != nil {
		return err
	}
	// Wanted by the last target, and ordered behind it: the Debian is up by then.
	wants := filepath.Join(units, "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	return os.Symlink("../rig.service", filepath.Join(wants, "rig.service"))
}

// boot starts the Debian and waits until it has ended itself.
func boot(ctx context.Context, root string) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	log, err := os.Create(filepath.Join(root, "rig", "boot.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--directory", root, "--boot")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot run the Debian to its end: %w%s", err, tail(root, "boot.log"))
	}
	return nil
}

// tail returns the end of a file of the rig.
func tail(root, name string) string {
	body, err := os.ReadFile(filepath.Join(root, "rig", name))
	if err != nil {
		return ""
	}
	return "\n" + string(body[max(0, len(body)-2000):])
}

// verdict prints what the script saw; one BAD is a failure, and so is a script
// that did not come to its end.
func verdict(root string, took time.Duration) error {
	f, err := os.Open(filepath.Join(root, "rig", "verdict"))
	if err != nil {
		return fmt.Errorf("cannot read the verdict: %w%s", err, tail(root, "boot.log"))
	}
	defer f.Close()
	good, bad, ended := 0, 0, false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "ok "):
			good++
		case line == "end":
			ended = true
			continue
		case strings.HasPrefix(line, "- "): // what this machine does not permit, and why
		default:
			bad++
		}
		fmt.Println(line)
	}
	fmt.Printf("%d passed, %d failed (Debian up to down %.0f s)\n", good, bad, took.Seconds())
	if bad > 0 || !ended || good < promise {
		return fmt.Errorf("the package failed: %d bad, %d good, came to its end: %v%s", bad, good, ended, tail(root, "errors"))
	}
	return nil
}
