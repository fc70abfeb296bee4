package provision

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/durable"
)

// Files on the boot partition.
const (
	FileName   = "centralita.yaml"
	SigName    = FileName + ".sig"
	ResultName = "centralita-result.txt"
)

// Config is where things are, and who does what is not decided here.
type Config struct {
	Boot string // folder of the boot partition, writable
	Data string // data folder
	Keys []ed25519.PublicKey
	// Check knows what may stand in the file.
	Check Check
	// Claimed reports that the box has an owner, and takes no file any more.
	Claimed func() bool
	// Take puts a plan into the data folder. It is called again after a power cut
	// and must then come to the same end.
	Take func(*Plan) error
	Disk durable.Disk
	Now  func() time.Time
}

// job is one start.
type job struct {
	Config
	rec Record
}

// Run looks for a file and does with it what is to be done. The record says what
// came of it; it is also kept in the data folder for the program to show. The error
// is one of the data folder, which makes provisioning impossible.
func Run(c Config) (Record, error) {
	rec, err := Load(c.Data)
	if err != nil {
		return Record{}, err
	}
	j := &job{c, rec}
	names, err := j.find()
	switch {
	case err != nil:
		return j.refuse(failure{"no se puede leer la partición de arranque: " + err.Error(), "cannot read the boot partition: " + err.Error()})
	case len(names) == 0:
		return j.none()
	case len(names) > 1:
		return j.refuse(failure{"hay más de un archivo: " + strings.Join(names, ", ") + "; deje solo uno", "there is more than one file: " + strings.Join(names, ", ") + "; leave only one"})
	case !strings.EqualFold(names[0], FileName):
		return j.refuse(failure{fmt.Sprintf("el archivo se llama %s; llámelo %s", names[0], FileName), fmt.Sprintf("the file is called %s; call it %s", names[0], FileName)})
	}
	return j.file(names[0])
}

// find lists the files that somebody may have meant.
func (j *job) find() ([]string, error) {
	entries, err := os.ReadDir(j.Boot)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		n := strings.ToLower(e.Name())
		meant := strings.HasPrefix(n, "centralita") && (strings.HasSuffix(n, ".yaml") || strings.HasSuffix(n, ".yml") || strings.HasSuffix(n, ".yaml.txt"))
		if meant && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// none is a start without a file: most are.
func (j *job) none() (Record, error) {
	switch {
	case j.rec.State == Taken && !j.rec.Wiped: // it was wiped, and the power went before that was written down
		return j.wiped()
	case j.rec.State == Refused || j.rec.State == Begun:
		if err := j.Disk.RemoveFile(filepath.Join(j.Data, RecordName)); err != nil {
			return j.rec, err
		}
		j.rec = Record{}
	}
	return Record{}, nil
}

// file takes one file over, or says why not.
func (j *job) file(name string) (Record, error) {
	path := filepath.Join(j.Boot, name)
	data, err := readSmall(path, place.MaxSize)
	if err != nil {
		return j.refuse(failure{fmt.Sprintf("no se puede leer %s: %v", name, err), fmt.Sprintf("cannot read %s: %v", name, err)})
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	same := j.rec.Digest == digest
	if j.rec.State == Taken && !j.rec.Wiped && (same || j.rec.Size == len(data) && bytes.IndexByte(data, 0) >= 0) {
		return j.wipe(path)
	}
	if err := j.signed(data); err != nil {
		return j.refuse(err)
	}
	if j.Claimed() && !(same && j.rec.State == Begun) {
		return j.refuse(failure{"la caja ya tiene dueño; para empezar de nuevo: factory-reset. El archivo puede tener claves: quítelo",
			"the box has an owner already; to begin anew: factory-reset. The file may hold keys: take it away"})
	}
	plan, problems := Parse(name, data, j.Check)
	if len(problems) > 0 {
		return j.refuse(counted(len(problems)), problems...)
	}
	j.rec = Record{State: Begun, Digest: digest, Size: len(data), At: j.Now()}
	if err := j.keep(); err != nil {
		return j.rec, err
	}
	if err := j.Take(plan); err != nil { // of the data folder: the next start tries again
		return j.rec, fmt.Errorf("cannot take %s over: %w", name, err)
	}
	j.rec.State = Taken
	if err := j.keep(); err != nil {
		return j.rec, err
	}
	return j.wipe(path)
}

// counted says that nothing was taken over of a file with n problems.
func counted(n int) failure {
	if n == 1 {
		return failure{"el archivo tiene un problema y no se tomó nada de él:", "the file has a problem and nothing of it was taken over:"}
	}
	return failure{fmt.Sprintf("el archivo tiene %d problemas y no se tomó nada de él:", n), fmt.Sprintf("the file has %d problems and nothing of it was taken over:", n)}
}

// signed holds the file against its signature, where the image has keys.
func (j *job) signed(data []byte) error {
	if len(j.Keys) == 0 {
		return nil
	}
	sig, err := readSmall(filepath.Join(j.Boot, SigName), maxKeyFile)
	if errors.Is(err, os.ErrNotExist) {
		return failure{"falta la firma " + SigName + ", que esta imagen exige", "the signature " + SigName + " is missing, which this image demands"}
	}
	if err != nil {
		return failure{"no se puede leer " + SigName + ": " + err.Error(), "cannot read " + SigName + ": " + err.Error()}
	}
	return verify(j.Keys, data, sig)
}

// wipe writes over and removes the file, and puts the result in its place.
func (j *job) wipe(path string) (Record, error) {
	err := j.Disk.Overwrite(path)
	if err == nil {
		err = j.Disk.RemoveFile(path)
	}
	if err == nil {
		err = j.Disk.RemoveFile(filepath.Join(j.Boot, SigName))
	}
	if err != nil {
		j.rec.Left = err.Error()
		return j.told(j.keep())
	}
	return j.wiped()
}

// wiped writes down that no secret is left. The digest goes too: it would let a
// guess at the password be tried cheaply.
func (j *job) wiped() (Record, error) {
	j.rec = Record{State: Taken, Wiped: true, At: j.rec.At}
	return j.told(j.keep())
}

// refuse takes nothing over. A file that was refused stays to be corrected.
func (j *job) refuse(why error, problems ...place.Problem) (Record, error) {
	both, ok := errors.AsType[failure](why)
	if !ok {
		both = failure{why.Error(), why.Error()}
	}
	var es, en []string
	for _, p := range problems[:min(len(problems), maxProblems)] {
		es, en = append(es, spanish.Problem(p).String()), append(en, p.String())
	}
	if more := len(problems) - maxProblems; more > 0 {
		es, en = append(es, fmt.Sprintf("… y %d más", more)), append(en, fmt.Sprintf("… %d more", more))
	}
	if r := (Record{State: Refused, ES: both.es, EN: both.en, Problems: en, Spanish: es}); j.rec.State != Taken {
		r.At = j.Now()
		j.rec = r
		return j.told(j.keep())
	} else { // what was taken over before counts; this file does not
		r.At = j.Now()
		kept := j.rec
		j.rec = r
		rec, err := j.told(nil)
		j.rec = kept
		return rec, err
	}
}

// told writes the result for people to the boot partition, unless the same one stands
// there. Where it cannot, the record and the screen have it.
func (j *job) told(err error) (Record, error) {
	text := j.rec.Text()
	path := filepath.Join(j.Boot, ResultName)
	if old, e := readSmall(path, 1<<20); e == nil && bytes.Equal(stamp(old), stamp(text)) {
		return j.rec, err
	}
	if e := j.Disk.WriteFile(path, text, 0o644); e != nil {
		j.rec.Untold = e.Error()
		j.sweep()
	}
	return j.rec, err
}

// sweep removes what a result that did not fit left.
func (j *job) sweep() {
	entries, err := os.ReadDir(j.Boot)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ResultName) && durable.Unfinished(e.Name()) {
			_ = j.Disk.Drop(filepath.Join(j.Boot, e.Name())) // the next start tries again
		}
	}
}

// stamp is a result without the line of its time.
func stamp(text []byte) []byte {
	all := bytes.SplitAfter(text, []byte("\r\n"))
	return bytes.Join(slices.DeleteFunc(all, func(l []byte) bool { return bytes.HasPrefix(l, []byte("20")) }), nil)
}

func (j *job) keep() error { return save(j.Disk, j.Data, j.rec) }
