// Command receive is the receiver of the test bench as a program: it listens
// with HTTPS, stores what an appliance sends, and prints each batch. Without a
// certificate it makes one for localhost and writes it where the appliance's
// "ca" can point to.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/centralita/centralita/testbench/receiver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "receive:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:8443", "address to listen on")
	store := flag.String("store", "received.db", "SQLite file for what comes")
	token := flag.String("token", "", "bearer token that is asked for; empty: none")
	ca := flag.String("ca", "receiver-ca.pem", "file to write the certificate to")
	flag.Parse()

	r, err := receiver.Open(*store, *token)
	if err != nil {
		return err
	}
	defer r.Close()
	cert, pem, err := receiver.Certificate()
	if err != nil {
		return err
	}
	if err := os.WriteFile(*ca, pem, 0o644); err != nil {
		return fmt.Errorf("cannot write the certificate: %w", err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", *listen, err)
	}
	fmt.Printf("receiving on https://%s/ into %s; the appliance needs ca: %s\n", l.Addr(), *store, *ca)
	srv := &http.Server{
		Handler: told(r), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// told prints what comes.
func told(r *receiver.Receiver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.ServeHTTP(w, req)
		c := r.Count()
		log.Printf("%q from %s; %d requests, %d rows, %d of them again", req.Header.Get("Idempotency-Key"), req.RemoteAddr, c.Requests, c.Rows, c.Again)
	})
}
