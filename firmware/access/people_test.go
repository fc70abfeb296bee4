package access

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

const edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfgZQJ0Lh0b7TwWHyHFbWFZ+1qZ2ZQ3UO5x0XrXJYyM ana@portatil"

func TestSessions(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, who := owned(t)
		token := a.Begin(who, here)
		if len(token) != 64 {
			t.Errorf("the token %q has not 256 bits", token)
		}
		for range 20 {
			pass(29 * time.Minute)
			if got, ok := a.Session(token, here); !ok || got.Name != "ana" || got.Role != tel.Owner {
				t.Fatalf("%+v, %t", got, ok)
			}
		}
		pass(30 * time.Minute)
		if _, ok := a.Session(token, here); ok {
			t.Error("it lives after half an hour without use")
		}
		token = a.Begin(who, here)
		for began := time.Now(); time.Since(began) < 12*time.Hour; pass(10 * time.Minute) {
			if _, ok := a.Session(token, here); !ok {
				t.Fatal("it ended early")
			}
		}
		if _, ok := a.Session(token, here); ok {
			t.Error("it lives after twelve hours")
		}
		token = a.Begin(who, here)
		for range 3 {
			if _, ok := a.Session(token, away); !ok {
				t.Error("it ended at another address")
			}
		}
		if d.count(Moved) != 1 {
			t.Errorf("booked %d times that it moved", d.count(Moved))
		}
		a.End(token, here)
		if _, ok := a.Session(token, here); ok {
			t.Error("it lives after the log-out")
		}
		if _, ok := a.Session("", here); ok {
			t.Error("no token is a session")
		}
		if _, ok := a.Session(strings.Repeat("0", 64), here); ok {
			t.Error("any token is a session")
		}
		first := a.Begin(who, here)
		for range maxOfOne {
			pass(time.Second)
			a.Begin(who, here)
		}
		if _, ok := a.Session(first, here); ok || len(a.sessions) > maxOfOne {
			t.Errorf("%d sessions of one person", len(a.sessions))
		}
	})
}

func TestAPasswordEndsSessions(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, _, ana := owned(t)
		ctx := t.Context()
		ana.Via = tel.DoorWeb
		if err := a.Add(ctx, ana, "eva", tel.AgentRole, other, here); err != nil {
			t.Fatal(err)
		}
		eva, err := a.Login(ctx, "eva", other, tel.DoorWeb, here)
		if err != nil {
			t.Fatal(err)
		}
		hers, his := a.Begin(ana, here), a.Begin(eva, here)
		if err := a.Passwd(ctx, eva, "eva", "falsa falsa", good, here); !errors.Is(err, errOld) {
			t.Errorf("without the old one: %v", err)
		}
		if err := a.Passwd(ctx, eva, "ana", other, good, here); !errors.Is(err, errRole) {
			t.Errorf("another's: %v", err)
		}
		if err := a.Passwd(ctx, eva, "eva", other, "corta", here); err == nil {
			t.Error("a short one was taken")
		}
		if _, ok := a.Session(his, here); !ok {
			t.Fatal("refusals ended a session")
		}
		if err := a.Passwd(ctx, eva, "eva", other, "la tercera frase", here); err != nil {
			t.Fatal(err)
		}
		if _, ok := a.Session(his, here); ok {
			t.Error("his session lives on")
		}
		if _, ok := a.Session(hers, here); !ok {
			t.Error("hers ended too")
		}
		if f := d.last(); f.What != PasswordSet || f.Name != "eva" {
			t.Errorf("booked %+v", f)
		}
		if _, err := a.Login(ctx, "eva", other, tel.DoorWeb, here); !errors.Is(err, errDenied) {
			t.Errorf("the old one: %v", err)
		}
		if err := a.Passwd(ctx, ana, "eva", "", "la cuarta de todas", here); err != nil {
			t.Errorf("by the owner: %v", err)
		}
		for range 5 {
			_ = a.Passwd(ctx, ana, "ana", "falsa falsa", "la quinta de todas", here)
		}
		if err := a.Passwd(ctx, ana, "ana", good, "la quinta de todas", here); wait(err) == 0 {
			t.Errorf("guessing in an open session is not slowed: %v", err)
		}
	})
}

func TestRolesHoldAtOnce(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, ana := owned(t)
		ctx := t.Context()
		if err := a.Add(ctx, ana, "eva", tel.Owner, other, here); err != nil {
			t.Fatal(err)
		}
		eva, err := a.Login(ctx, "eva", other, tel.DoorWeb, here)
		if err != nil {
			t.Fatal(err)
		}
		token := a.Begin(eva, here)
		if err := a.SetRole(ctx, ana, "eva", tel.Supervisor, here); err != nil {
			t.Fatal(err)
		}
		if who, ok := a.Session(token, here); ok || a.RoleOf("eva") != tel.Supervisor {
			t.Errorf("%+v, %t", who, ok)
		}
		if token = a.Begin(eva, here); eva.Role != tel.Owner {
			t.Fatal("she was no owner")
		}
		if who, ok := a.Session(token, here); !ok || who.Role != tel.Supervisor { // begun with what she was
			t.Errorf("%+v, %t", who, ok)
		}
		if err := a.Add(ctx, eva, "leo", tel.AgentRole, other, here); !errors.Is(err, errRole) { // with what she was
			t.Errorf("with yesterday's role: %v", err)
		}
		if err := a.Remove(ctx, ana, "eva", here); err != nil {
			t.Fatal(err)
		}
		if _, ok := a.Session(token, here); ok || a.RoleOf("eva") != tel.Nobody {
			t.Error("a removed person's session lives")
		}
	})
}

// Whatever owners do, one stays; and nobody else can do anything.
func TestThereIsAlwaysAnOwner(t *testing.T) {
	in(t, func(t *testing.T) {
		for seed := range uint64(5) {
			a, _, _, ana := owned(t)
			ctx, r := t.Context(), rand.New(rand.NewPCG(seed, 1))
			names := []string{"ana", "b", "c", "d"}
			roles := []tel.Role{tel.AgentRole, tel.Supervisor, tel.Technician, tel.Owner}
			for range 100 {
				name := names[r.IntN(len(names))]
				by := tel.Who{Name: names[r.IntN(len(names))], Role: tel.Owner, Via: tel.DoorWeb}
				may := a.RoleOf(by.Name) == tel.Owner
				before := fmt.Sprint(a.People())
				var err error
				switch r.IntN(3) {
				case 0:
					err = a.Add(ctx, by, name, roles[r.IntN(4)], other, here)
				case 1:
					err = a.Remove(ctx, by, name, here)
				case 2:
					err = a.SetRole(ctx, by, name, roles[r.IntN(4)], here)
				}
				if after := fmt.Sprint(a.People()); !may && (err == nil || before != after) || err != nil && before != after {
					t.Fatalf("seed %d: %v: %s became %s", seed, err, before, after)
				}
				owners := 0
				for _, p := range a.People() {
					if p.Role == "owner" {
						owners++
					}
				}
				if owners == 0 {
					t.Fatalf("seed %d: no owner is left", seed)
				}
			}
			_ = ana
		}
	})
}

func TestOnlyTheLastOwnerIsKept(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, ana := owned(t)
		if err := a.Remove(t.Context(), ana, "ana", here); !errors.Is(err, errLast) {
			t.Errorf("removed: %v", err)
		}
		if err := a.SetRole(t.Context(), ana, "ana", tel.Technician, here); !errors.Is(err, errLast) {
			t.Errorf("demoted: %v", err)
		}
		socket := tel.Who{Name: "socket", Role: tel.Owner, Via: tel.DoorSocket}
		if err := a.Passwd(t.Context(), socket, "ana", "", other, "socket"); err != nil {
			t.Errorf("a forgotten password, set at the socket: %v", err)
		}
		serial := tel.Who{Name: "serial", Role: tel.Owner, Via: tel.DoorSerial}
		if err := a.Passwd(t.Context(), serial, "ana", "", other, "ttyS0"); !errors.Is(err, errRole) {
			t.Errorf("at the serial line without a log-in: %v", err)
		}
	})
}

func TestKeys(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, dir, ana := owned(t)
		ctx := t.Context()
		for _, line := range []string{"", "hola", "-----BEGIN OPENSSH PRIVATE KEY-----", "command=\"sh\" " + edKey, edKey + "\n" + edKey, strings.Repeat("x", 9000),
			"ssh-dss AAAAB3NzaC1kc3MAAACBAP"} {
			if err := a.AddKey(ctx, ana, "ana", line, here); err == nil {
				t.Errorf("%.40q was taken", line)
			}
		}
		if err := a.AddKey(ctx, ana, "ana", edKey, here); err != nil {
			t.Fatal(err)
		}
		if err := a.AddKey(ctx, ana, "ana", edKey, here); err == nil {
			t.Error("twice the same")
		}
		again := Open(dir, Options{Book: d.add, Cost: cheap})
		lines := again.Keys("ana")
		if len(lines) != 1 || lines[0] != edKey || again.Keys("eva") != nil {
			t.Fatalf("%q", lines)
		}
		k, err := parseKey(lines[0])
		if err != nil {
			t.Fatal(err)
		}
		who, ok := again.KeyOf("ana", k.wire)
		if !ok || who.Role != tel.Owner || who.Via != tel.DoorSSH {
			t.Errorf("%+v, %t", who, ok)
		}
		if _, ok := again.KeyOf("ana", k.wire[1:]); ok {
			t.Error("another key entered")
		}
		if _, ok := again.KeyOf("eva", k.wire); ok {
			t.Error("another name entered")
		}
		if got, ended, ok := again.Arrived("ana", k.wire, here); !ok || got != who || over(ended) {
			t.Errorf("%+v, %t", got, ok)
		}
		if f := d.last(); f.What != LoggedIn || f.Detail != "key" {
			t.Errorf("booked %+v", f)
		}
		if err := again.RemoveKey(ctx, ana, "ana", k.Print, here); err != nil || len(again.Keys("ana")) != 0 {
			t.Errorf("%v, %d left", err, len(again.Keys("ana")))
		}
		if _, _, ok := again.Arrived("ana", k.wire, here); ok {
			t.Error("a key that was taken away between the question and the proof came in")
		}
		if err := again.RemoveKey(ctx, ana, "ana", k.Print, here); err == nil {
			t.Error("removed twice")
		}
	})
}
