// Command deb builds the Debian package of the program for one architecture:
// the static program, a confined service, rules of its devices, a first
// configuration, manual pages, and the licences of all that is linked in. It
// calls go and dpkg-deb, needs no root, and makes
// the same file from the same commit.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// machine is how Go names an architecture of Debian.
type machine struct{ goarch, goarm string }

// machines are the architectures that the package is for.
var machines = map[string]machine{"amd64": {"amd64", ""}, "arm64": {"arm64", ""}, "armhf": {"arm", "7"}}

// job is one package to build.
type job struct {
	arch    string
	version string // upstream's, 0.1.0
	debian  string // the package's, 0.1.0-1
	out     string // folder
	made    time.Time
}

func main() {
	var j job
	flag.StringVar(&j.arch, "arch", "amd64", "architecture: amd64, arm64, armhf, or all")
	flag.StringVar(&j.version, "version", "", "version of the program, such as 0.1.0")
	revision := flag.Int("revision", 1, "revision of the package")
	flag.StringVar(&j.out, "out", "artefacts/deb", "folder for the package")
	flag.Parse()
	j.debian = fmt.Sprintf("%s-%d", j.version, *revision)
	if err := run(j); err != nil {
		fmt.Fprintln(os.Stderr, "deb:", err)
		os.Exit(1)
	}
}

var aVersion = regexp.MustCompile(`^[0-9][0-9A-Za-z.+~]*$`)

func run(j job) (err error) {
	if !aVersion.MatchString(j.version) {
		return fmt.Errorf("cannot build version %q: a version is such as 0.1.0", j.version)
	}
	if j.made, err = when(); err != nil {
		return err
	}
	arches := []string{j.arch}
	if j.arch == "all" {
		arches = []string{"amd64", "arm64", "armhf"}
	}
	for _, j.arch = range arches {
		if _, ok := machines[j.arch]; !ok {
			return fmt.Errorf("cannot build for %q: amd64, arm64, armhf or all", j.arch)
		}
		file, err := j.build()
		if err != nil {
			return err
		}
		fmt.Println(file)
	}
	return nil
}

// when is the time that all files of the package have: SOURCE_DATE_EPOCH, or
// that of the commit, so that one commit gives one file.
func when() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("cannot tell when this was made: %w; hint: set SOURCE_DATE_EPOCH", err)
		}
		text = strings.TrimSpace(string(out))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read SOURCE_DATE_EPOCH %q: %w", text, err)
	}
	return time.Unix(n, 0).UTC(), nil
}

// build makes the package and returns its path.
func (j job) build() (file string, err error) {
	work, err := os.MkdirTemp("", "centralita-deb-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	root := filepath.Join(work, "root")
	program := filepath.Join(root, "usr/bin/centralita")
	if err := j.compile(program); err != nil {
		return "", err
	}
	if err := j.furnish(root, program); err != nil {
		return "", err
	}
	if err := os.MkdirAll(j.out, 0o755); err != nil {
		return "", err
	}
	file = filepath.Join(j.out, fmt.Sprintf("centralita_%s_%s.deb", j.debian, j.arch))
	cmd := exec.Command("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, file)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", j.made.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot pack %s: %w: %s", file, err, out)
	}
	return file, nil
}

// compile builds the static program.
func (j job) compile(program string) error {
	m := machines[j.arch]
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/centralita/centralita/firmware/app.Version="+j.version, "-o", program, "./firmware/cmd/centralita")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+m.goarch, "GOARM="+m.goarm)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot compile for %s: %w: %s", j.arch, err, out)
	}
	return nil
}
