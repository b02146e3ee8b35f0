package fake
import ("testing";"context";"time";"fmt"
"github.com/florinpay/florin/connector"
"github.com/florinpay/florin/core/money"
"github.com/florinpay/florin/core/method"
)
func TestSmoke(t *testing.T){
 for _, c := range Cards { if !luhn(c.Number) { fmt.Println("not luhn", c) } }
 fmt.Println(Catalogue[0].Number(), Catalogue[27].Number(), special(2,1), luhn(Catalogue[27].Number()))
 p,err:=New(Config{BaseURL:"http://x"}); if err!=nil{t.Fatal(err)}
 at:=time.Date(2026,1,1,0,0,0,0,time.UTC)
 r:=p.Authorise(context.Background(), connector.Request{Attempt:"00112233445566778899aabb",Account:"a",Kind:connector.Debit,Method:"card",Brand:"VISA",Use3DS:true,Amount:money.Of(1050,"EUR"),Card:&connector.Card{Number:method.Conceal("4200000000000042")},At:at})
 fmt.Printf("%+v %+v\n",r,r.Redirect)
}
