// The correlation of an order with its partner. Archiving and posting copy it, for it has the same number there.
tableextension 50100 "SEC Sales Header" extends "Sales Header"
{
    fields
    {
        field(50100; "SEC Correlation"; Text[50])
        {
            Caption = 'Correlation';
            DataClassification = SystemMetadata;
            Editable = false;
        }
    }

    keys
    {
        key(SECCorrelation; "SEC Correlation")
        {
        }
    }
}
