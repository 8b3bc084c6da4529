// The correlation, as copied from the order.
tableextension 50101 "SEC Sales Header Archive" extends "Sales Header Archive"
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
}
