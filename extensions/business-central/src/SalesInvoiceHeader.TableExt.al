// The correlation, as copied from the order.
tableextension 50102 "SEC Sales Invoice Header" extends "Sales Invoice Header"
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
