package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/notify"
)

// mailServer is where e-mail is handed over, as smtp-url says.
type mailServer struct {
	host    string
	port    int
	options []mail.Option
	from    string // the address of mail-from
	name    string // its name, for messages that bring none
}

// readMailServer reads smtps://user:password@host:465 (TLS from the first byte)
// or smtp://user:password@host:587 (STARTTLS, which the server must offer; only
// a server on this machine may do without).
func readMailServer(raw, from string) (mailServer, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return mailServer{}, errors.New("an address such as smtps://user:password@mail.example.com:465 is needed")
	}
	s := mailServer{host: u.Hostname(), port: 587, options: []mail.Option{mail.WithTimeout(30 * time.Second), mail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()})}}
	policy := mail.TLSMandatory
	if s.host == "localhost" || net.ParseIP(s.host).IsLoopback() {
		policy = mail.TLSOpportunistic
	}
	if u.Scheme == "smtps" {
		s.port = 465
		s.options = append(s.options, mail.WithSSL())
	} else {
		s.options = append(s.options, mail.WithTLSPolicy(policy))
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil {
			return mailServer{}, errors.New("the port is no number")
		}
	}
	if password, ok := u.User.Password(); ok {
		s.options = append(s.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	name, address, ok := strings.Cut(strings.TrimSuffix(from, ">"), "<")
	if !ok {
		name, address = "", from
	}
	if s.from, err = notify.Address(strings.TrimSpace(address)); err != nil {
		return mailServer{}, errors.New("mail-from needs an address such as Lind Media <no-reply@pay.example.com>")
	}
	s.name = strings.Trim(strings.TrimSpace(name), `"`)
	return s, nil
}

// carry hands an e-mail over. It is a notify.Carrier.
func (s mailServer) carry(ctx context.Context, p notify.Parcel) (string, error) {
	m, err := s.letter(p)
	if err != nil {
		return "", fault.New("declined.message", "the message could not be made: %v", err)
	}
	client, err := mail.NewClient(s.host, append(s.options, mail.WithPort(s.port))...)
	if err != nil {
		return "", fault.Wrap(err, "the mail server's settings")
	}
	err = client.DialAndSendWithContext(ctx, m)
	var refused *mail.SendError
	if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return "", fault.New("declined.address", "the mail server answered %d", refused.ErrorCode())
	}
	if err != nil {
		return "", fault.New("unavailable.mail", "the mail server could not be reached or answered that it has trouble")
	}
	return m.GetMessageID(), nil
}

// letter is a parcel as MIME. The Message-ID is the same at every try.
func (s mailServer) letter(p notify.Parcel) (*mail.Msg, error) {
	name := p.Sender
	if name == "" {
		name = s.name
	}
	_, domain, _ := strings.Cut(s.from, "@")
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(m.FromFormat(name, s.from), m.To(p.To)); err != nil {
		return nil, err
	}
	m.Subject(p.Subject)
	m.SetMessageIDWithValue(fmt.Sprintf("%s@%s", p.ID, domain))
	m.SetDate()
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, p.Text)
	if p.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, p.HTML)
	}
	for _, a := range p.Attachments {
		if err := m.AttachReader(a.Name, bytes.NewReader(a.Body), mail.WithFileContentType(mail.ContentType(a.Type))); err != nil {
			return nil, err
		}
	}
	return m, nil
}
