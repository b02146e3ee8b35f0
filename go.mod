module github.com/florinpay/florin

go 1.26
